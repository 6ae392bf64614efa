import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pause } from '../../src/resilience/backoff.ts';
import { type Deadline, deadlineIn } from '../../src/resilience/deadline.ts';
import { settlesBefore, timeLimit } from '../../src/resilience/wait-until.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const expired = () => new Error('time is up');
const limitOf = (deadline: Deadline, signal = new AbortController().signal) =>
  timeLimit({ deadline, signal }, expired);

test('it aborts when the deadline passes', () => {
  using limit = limitOf(deadlineIn(100));
  vi.advanceTimersByTime(99);
  expect(limit.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(limit.signal.reason).toEqual(new Error('time is up'));
});

test('a deadline that has passed leaves no time at all', () => {
  using limit = limitOf(deadlineIn(0));
  expect(limit.signal.aborted).toBe(true);
});

test('a deadline that moves while time runs is kept where it moved to', () => {
  let deadline = deadlineIn(100);
  using limit = limitOf({ leftMs: () => deadline.leftMs() });
  vi.advanceTimersByTime(50);
  deadline = deadlineIn(500);
  vi.advanceTimersByTime(499);
  expect(limit.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(limit.signal.aborted).toBe(true);
});

test('a deadline further off than a timer can wait does not abort at once', () => {
  using limit = limitOf({ leftMs: () => Infinity });
  vi.advanceTimersByTime(1_000_000);
  expect(limit.signal.aborted).toBe(false);
});

test("it follows the signal it is given, with that one's reason", () => {
  const caller = new AbortController();
  using limit = limitOf(deadlineIn(100), caller.signal);
  caller.abort('gone');
  expect(limit.signal.reason).toBe('gone');
  expect(vi.getTimerCount()).toBe(0);
});

test('a signal that has aborted already is followed at once', () => {
  using limit = limitOf(deadlineIn(100), AbortSignal.abort('gone'));
  expect(limit.signal.reason).toBe('gone');
});

test('once disposed it holds no timer and aborts no more', () => {
  const caller = new AbortController();
  const limit = limitOf(deadlineIn(100), caller.signal);
  limit[Symbol.dispose]();
  caller.abort();
  expect(vi.getTimerCount()).toBe(0);
  expect(limit.signal.aborted).toBe(false);
});

test('a promise settles before a wait, which then ends, or after it', async () => {
  const wait = (signal: AbortSignal) => pause(100, signal);
  expect(await settlesBefore(Promise.reject(new Error('failed')), wait)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  const later = settlesBefore(new Promise(() => {}), wait);
  await vi.advanceTimersByTimeAsync(100);
  expect(await later).toBe(false);
});
