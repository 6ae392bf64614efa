import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { timerAfterIo } from '../../src/resilience/timer-after-io.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Holds the event loop up, as a busy process does. */
function standStill(durationMs: number): void {
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs);
}

test('input that arrived during a pause of the process is read before the callback', async () => {
  await turn();
  const happened: string[] = [];
  const answered = stat('package.json').then(() => happened.push('answered'));
  const gaveUp = new Promise<void>((resolve) => {
    timerAfterIo(() => {
      happened.push('gave up');
      resolve();
    }, 20);
  });
  standStill(200);
  await Promise.all([answered, gaveUp]);
  expect(happened).toEqual(['answered', 'gave up']);
});

test('a timer that was ended says nothing, not even between being due and calling back', async () => {
  let isCalled = false;
  const stop = timerAfterIo(() => {
    isCalled = true;
  }, 1);
  // Due in the same turn of timers, as both are by then.
  setTimeout(() => stop(), 1);
  standStill(5);
  for (let turns = 0; turns < 5; turns += 1) await turn();
  expect(isCalled).toBe(false);
});
