import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { logThrottle } from '../../src/resilience/log-throttle.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function lines() {
  const written: [string, number][] = [];
  const counted = logThrottle<string>((latest, count) => written.push([latest, count]), 60_000);
  return { written, ...counted };
}

test('the first of a kind is logged at once, the others once a minute with their number', () => {
  const { written, add } = lines();
  for (let second = 0; second < 150; second += 1) {
    add('dead', `dead at ${second}`);
    if (second === 10) add('slow', 'slow at 10');
    vi.advanceTimersByTime(1_000);
  }
  expect(written).toEqual([
    ['dead at 0', 1],
    ['slow at 10', 1],
    ['dead at 59', 59],
    ['dead at 119', 60],
  ]);
});

test('what is over is logged a last time, and what begins again at once', () => {
  const { written, add } = lines();
  add('dead', 'first');
  add('dead', 'second');
  vi.advanceTimersByTime(3_600_000);
  add('dead', 'third');
  expect(written).toEqual([
    ['first', 1],
    ['second', 1],
    ['third', 1],
  ]);
});

test('what is counted at the end is written, once', () => {
  const { written, add, flush } = lines();
  add('dead', 'first');
  add('dead', 'second');
  add('dead', 'third');
  flush();
  flush();
  vi.advanceTimersByTime(60_000);
  expect(written).toEqual([
    ['first', 1],
    ['third', 2],
  ]);
});

test('many kinds share their lines', () => {
  const { written, add } = lines();
  for (let index = 0; index < 10_000; index += 1) add(`kind ${index}`, 'odd');
  vi.advanceTimersByTime(60_000);
  expect(written.length).toBeLessThan(100);
  expect(written.reduce((sum, [, count]) => sum + count, 0)).toBe(10_000);
});
