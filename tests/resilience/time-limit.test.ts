import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { timeLimit } from '../../src/resilience/time-limit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const expired = () => new Error('time is up');

test('it aborts when the deadline passes', () => {
  using limit = timeLimit({ deadline: deadlineIn(100), expired });
  vi.advanceTimersByTime(99);
  expect(limit.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(limit.signal.reason).toEqual(new Error('time is up'));
});

test('it aborts at its cap when that is sooner', () => {
  using limit = timeLimit({ deadline: deadlineIn(100), capMs: 30, expired });
  vi.advanceTimersByTime(30);
  expect(limit.signal.aborted).toBe(true);
});

test('a deadline that has passed leaves no time at all', () => {
  using limit = timeLimit({ deadline: deadlineIn(0), expired });
  expect(limit.signal.aborted).toBe(true);
});

test('a deadline that moves while time runs is kept where it moved to', () => {
  let deadline = deadlineIn(100);
  using limit = timeLimit({ deadline: { leftMs: () => deadline.leftMs() }, expired });
  vi.advanceTimersByTime(50);
  deadline = deadlineIn(500);
  vi.advanceTimersByTime(499);
  expect(limit.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(limit.signal.aborted).toBe(true);
});

test('a deadline further off than a timer can wait does not abort at once', () => {
  using limit = timeLimit({ deadline: { leftMs: () => Infinity }, expired });
  vi.advanceTimersByTime(1_000_000);
  expect(limit.signal.aborted).toBe(false);
});

test("it follows the signal it is given, with that one's reason", () => {
  const caller = new AbortController();
  using limit = timeLimit({ deadline: deadlineIn(100), expired }, caller.signal);
  caller.abort('gone');
  expect(limit.signal.reason).toBe('gone');
  expect(vi.getTimerCount()).toBe(0);
});

test('a signal that has aborted already is followed at once', () => {
  using limit = timeLimit({ deadline: deadlineIn(100), expired }, AbortSignal.abort('gone'));
  expect(limit.signal.reason).toBe('gone');
});

test('once disposed it holds no timer and aborts no more', () => {
  const caller = new AbortController();
  const limit = timeLimit({ deadline: deadlineIn(100), expired }, caller.signal);
  limit[Symbol.dispose]();
  caller.abort();
  expect(vi.getTimerCount()).toBe(0);
  expect(limit.signal.aborted).toBe(false);
});
