import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backoffMs, pause } from '../../src/resilience/backoff.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the longest pause doubles up to its cap', () => {
  const longest = [1, 2, 3, 4, 9].map((failures) =>
    backoffMs(failures, { baseMs: 2_000, capMs: 10_000, random: () => 1 }),
  );
  expect(longest).toEqual([2_000, 4_000, 8_000, 10_000, 10_000]);
});

test('a pause lasts at least half as long', () => {
  const shortest = [1, 2, 3, 4].map((failures) =>
    backoffMs(failures, { baseMs: 2_000, capMs: 10_000, random: () => 0 }),
  );
  expect(shortest).toEqual([1_000, 2_000, 4_000, 5_000]);
});

test('a pause ends in time and leaves nothing behind', async () => {
  const caller = new AbortController();
  const ended = pause(1_000, caller.signal);
  await vi.advanceTimersByTimeAsync(1_000);
  await ended;
  expect(vi.getTimerCount()).toBe(0);
});

test('a caller that leaves ends its pause at once', async () => {
  const caller = new AbortController();
  const ended = pause(60_000, caller.signal);
  caller.abort(new Error('gone'));
  await expect(ended).rejects.toThrow('gone');
  expect(vi.getTimerCount()).toBe(0);
});

test('a caller that has left does not pause', async () => {
  await expect(pause(60_000, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});

test('a pause may be ended early', async () => {
  const wakers = new Set<() => void>();
  const ended = pause(60_000, new AbortController().signal, wakers);
  for (const wake of [...wakers]) wake();
  await ended;
  expect([vi.getTimerCount(), wakers.size]).toEqual([0, 0]);
});
