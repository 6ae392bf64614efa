import { expect, test } from 'vitest';
import { deadlineIn, deadlineOnceStarted } from '../../src/resilience/deadline.ts';

test('a deadline that is started later stands still until then, and never ends after the latest one', () => {
  let nowMs = 0;
  const clock = () => nowMs;
  const deadline = deadlineOnceStarted(50, deadlineIn(100, clock), clock);
  nowMs = 40;
  expect(deadline.leftMs()).toBe(50);
  nowMs = 60;
  expect(deadline.leftMs()).toBe(40);
  nowMs = 30;
  deadline.start();
  nowMs = 70;
  deadline.start();
  expect(deadline.leftMs()).toBe(10);
  nowMs = 90;
  expect(deadline.leftMs()).toBe(0);
});
