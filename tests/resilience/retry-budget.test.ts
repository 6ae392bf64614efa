import { beforeEach, expect, test } from 'vitest';
import { RetryBudget } from '../../src/resilience/retry-budget.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
});

const budget = () => new RetryBudget({ ratio: 0.1, floor: 10, windowMs: 10_000, nowMs: () => nowMs });

function granted(one: ReturnType<typeof budget>, asked: number): number {
  let count = 0;
  for (let n = 0; n < asked; n++) if (one.tryRetry()) count++;
  return count;
}

test('a quiet service may retry ten times in ten seconds', () => {
  expect(granted(budget(), 50)).toBe(10);
});

test('a busy one may retry a tenth of its calls', () => {
  const one = budget();
  for (let n = 0; n < 500; n++) one.addFirstCall();
  expect(granted(one, 500)).toBe(50);
});

test('what was used comes back as the window moves on', () => {
  const one = budget();
  granted(one, 10);
  nowMs = 9_000;
  expect(granted(one, 10)).toBe(0);
  nowMs = 11_000;
  expect(granted(one, 20)).toBe(10);
});

test('a rejected retry does not count as one', () => {
  const one = budget();
  granted(one, 1_000);
  nowMs = 11_000;
  expect(granted(one, 1)).toBe(1);
});
