import { expect, test } from 'vitest';
import { cautiousClock } from '../../src/resilience/cautious-clock.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function clockFrom(start: number) {
  const time = { wall: start, elapsedMs: 0 };
  const now = cautiousClock({ now: () => time.wall, elapsedMs: () => time.elapsedMs });
  return {
    now,
    pass(durationMs: number) {
      time.wall += durationMs;
      time.elapsedMs += durationMs;
      return now();
    },
    jump(byMs: number) {
      time.wall += byMs;
      return now();
    },
  };
}

test('goes with the wall clock, also where that is corrected a little or set back', () => {
  const clock = clockFrom(1000 * day);
  expect(clock.pass(hour)).toBe(1000 * day + hour);
  expect(clock.jump(minute / 2)).toBe(1000 * day + hour + minute / 2);
  expect(clock.jump(minute / 2)).toBe(1000 * day + hour + minute);
  expect(clock.jump(-10 * day)).toBe(990 * day + hour + minute);
  expect(clock.pass(hour)).toBe(990 * day + 2 * hour + minute);
});

test('ignores a jump forward that is taken back within a day', () => {
  const clock = clockFrom(1000 * day);
  expect(clock.jump(400 * day)).toBe(1000 * day);
  expect(clock.pass(23 * hour)).toBe(1000 * day + 23 * hour);
  expect(clock.jump(-400 * day)).toBe(1000 * day + 23 * hour);
  expect(clock.jump(day)).toBe(1000 * day + 23 * hour);
  expect(clock.pass(23 * hour)).toBe(1000 * day + 46 * hour);
});

test('believes a jump forward that lasts for a day', () => {
  const clock = clockFrom(1000 * day);
  clock.jump(3 * day);
  expect(clock.pass(day)).toBe(1004 * day);
  expect(clock.pass(hour)).toBe(1004 * day + hour);
});

test('a second jump has to last for a day of its own', () => {
  const clock = clockFrom(1000 * day);
  clock.jump(2 * minute);
  clock.pass(23 * hour);
  expect(clock.jump(400 * day)).toBe(1000 * day + 23 * hour);
  expect(clock.pass(hour)).toBe(1001 * day + 2 * minute);
  expect(clock.pass(23 * hour)).toBe(1001 * day + 2 * minute + 23 * hour);
  expect(clock.pass(hour)).toBe(1402 * day + 2 * minute);
});
