import { expect, test } from 'vitest';
import { Limiter, type Permit } from '../../src/resilience/limiter.ts';

const { signal } = new AbortController();

/** Enters and writes down in which order it got in. */
function queue(limiter: Limiter) {
  const order: string[] = [];
  const permits: Permit[] = [];
  return {
    order,
    enter(name: string, { fairnessKey = name, urgency = 1 } = {}) {
      void limiter.acquire({ priority: () => urgency, fairnessKey, signal }).then((permit) => {
        order.push(name);
        permits.push(permit);
      });
    },
    async leave() {
      permits.shift()?.release('other');
      await settled();
    },
  };
}

async function settled() {
  for (let turn = 0; turn < 5; turn++) await null;
}

test('the caller with the fewest calls in flight goes first, however many another has waiting', async () => {
  const { enter, leave, order } = queue(new Limiter({ concurrency: 2, maxWaiting: 100 }));
  for (let index = 0; index < 6; index++) enter(`a${index}`, { fairnessKey: 'a' });
  for (let index = 0; index < 3; index++) enter(`b${index}`, { fairnessKey: 'b' });
  await settled();
  for (let index = 0; index < 4; index++) await leave();
  expect(order).toEqual(['a0', 'a1', 'b0', 'a2', 'b1', 'a3']);
});

test('the most urgent find a permit that the others leave free, while they come', async () => {
  let nowMs = 0;
  const options = { concurrency: 4, maxWaiting: 100, reserved: () => 1, nowMs: () => nowMs };
  const { enter, leave, order } = queue(new Limiter(options));
  enter('single', { urgency: 0 });
  await settled();
  await leave();
  for (let index = 0; index < 5; index++) enter(`a${index}`, { fairnessKey: 'a' });
  await settled();
  expect(order).toEqual(['single', 'a0', 'a1', 'a2']);
  enter('another', { urgency: 0 });
  await settled();
  expect(order.at(-1)).toBe('another');
  nowMs += 60_000;
  await leave();
  expect(order.slice(5)).toEqual(['a3']);
});

test('where none of the most urgent come, nothing is kept free', async () => {
  const { enter, order } = queue(new Limiter({ concurrency: 4, maxWaiting: 100, reserved: () => 1 }));
  for (let index = 0; index < 5; index++) enter(`a${index}`);
  await settled();
  expect(order).toHaveLength(4);
});
