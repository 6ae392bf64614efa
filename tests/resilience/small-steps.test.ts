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
    const { options, limits, left } = rows(450, () => 0);
    expect(await inSmallSteps(options)).toBe(450);
    expect(limits).toEqual([200, 200, 200]);
    expect(left()).toBe(0);
  });

  test('halves a step that took too long, and grows back by little', async () => {
    const { options, limits } = rows(500, (step) => (step < 3 ? 1 : 0.01));
    await inSmallSteps(options);
    expect(limits).toEqual([200, 100, 50, 25, 35, 45, 55]);
  });

  test('never takes steps so small that it comes to nothing', async () => {
    const { options, limits } = rows(500, () => 100);
    await inSmallSteps(options);
    expect(Math.min(...limits)).toBe(10);
  });

  test('rests four times as long as a step took, and no shorter than it is told', async () => {
    const { options, rests } = rows(500, (step) => (step === 0 ? 0.05 : 0.01));
    await inSmallSteps({ ...options, restMs: 20 });
    expect(rests).toEqual([40, 20]);
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
