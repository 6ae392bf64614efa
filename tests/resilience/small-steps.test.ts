import { describe, expect, test } from 'vitest';
import { inSmallSteps } from '../../src/resilience/small-steps.ts';

/** So many rows, of which each takes so long. */
function rows(count: number, msOfOne: (step: number) => number) {
  const clock = { ms: 0 };
  const limits: number[] = [];
  const rests: number[] = [];
  let left = count;
  const options = {
    async step(limit: number) {
      const done = Math.min(limit, left);
      left -= done;
      clock.ms += done * msOfOne(limits.length);
      limits.push(limit);
      return done;
    },
    now: () => clock.ms,
    rest: async (ms: number) => void rests.push(Math.round(ms)),
  };
  return { options, limits, rests, left: () => left };
}

describe('work in small steps', () => {
  test('goes on until nothing is left, and says how much it was', async () => {
    const { options, limits, left } = rows(1_500, () => 0);
    expect(await inSmallSteps(options)).toBe(1_500);
    expect(limits).toEqual([200, 400, 800, 1_600]);
    expect(left()).toBe(0);
  });

  test('grows to what takes half of its time to all of it, and stays there', async () => {
    const { options, limits } = rows(20_000, () => 0.002);
    await inSmallSteps(options);
    expect(limits.slice(0, 7)).toEqual([200, 400, 800, 1_600, 3_200, 3_200, 3_200]);
  });

  test('halves a step that took too long, down to 200', async () => {
    const { options, limits } = rows(4_000, (step) => (step < 3 ? 0 : 0.04));
    await inSmallSteps({ ...options, aimMs: 30 });
    expect(limits).toEqual([200, 400, 800, 1_600, 800, 400]);
    const slow = rows(1_000, () => 1);
    await inSmallSteps(slow.options);
    expect(new Set(slow.limits)).toEqual(new Set([200]));
  });

  test('rests as long as a step took, and no shorter than it is told', async () => {
    const { options, rests } = rows(500, (step) => (step === 0 ? 0.4 : 0.01));
    await inSmallSteps({ ...options, restMs: 20 });
    expect(rests.slice(0, 2)).toEqual([80, 20]);
  });

  test('does no more than it may, and ends between two steps when it is told to', async () => {
    const some = rows(1000, () => 0);
    expect(await inSmallSteps({ ...some.options, most: 250 })).toBe(250);
    expect(some.limits).toEqual([200, 50]);
    const ended = new AbortController();
    const cut = rows(1000, () => 0);
    const rest = async () => ended.abort();
    expect(await inSmallSteps({ ...cut.options, rest, signal: ended.signal })).toBe(200);
  });
});
