import { beforeEach, describe, expect, test } from 'vitest';
import { RateLimit } from '../../src/resilience/rate-limit.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
});

const limitOf = (perSecond?: number) => new RateLimit(perSecond, () => nowMs);

/** Starts calls whenever it may, and writes down when. */
function startsUntil(rate: ReturnType<typeof limitOf>, untilMs: number): number[] {
  const starts: number[] = [];
  for (; nowMs < untilMs; nowMs++) {
    while (rate.waitMs() === 0 && starts.length < 100) {
      rate.start();
      starts.push(nowMs);
    }
  }
  return starts;
}

test('without a rate there is none', () => {
  expect(startsUntil(limitOf(), 1)).toHaveLength(100);
});

test("the operator's rate spaces calls evenly", () => {
  expect(startsUntil(limitOf(4), 1_000)).toEqual([0, 250, 500, 750]);
});

describe('where the other side states its rate', () => {
  test('what it allows is used up, then waited for', () => {
    const rate = limitOf();
    const [first] = [rate.start(), rate.start(), rate.start()] as const;
    // It had counted the first one only.
    rate.stated({ remaining: 4, resetMs: 800 }, first, false);
    expect(startsUntil(rate, 900).slice(0, 3)).toEqual([0, 0, 840]);
  });

  test('a refusal is believed to the millisecond', () => {
    const rate = limitOf();
    rate.stated({ remaining: 0, resetMs: 1_234 }, rate.start(), true);
    expect(rate.waitMs()).toBe(1_234);
  });

  test('its count is kept to from then on, without a refusal to learn of it', () => {
    const rate = limitOf();
    rate.stated({ remaining: 0, resetMs: 1_000, limit: 2 }, rate.start(), true);
    const starts = startsUntil(rate, 4_500);
    expect(starts).toEqual([1_000, 1_000, 2_050, 2_050, 3_100, 3_100, 4_150, 4_150]);
  });

  test('of a long count that is used up, a share is asked for after a second: it may come back little by little', () => {
    const rate = limitOf();
    rate.stated({ remaining: 0, resetMs: 60_000, limit: 300 }, rate.start(), false);
    const starts = startsUntil(rate, 3_500);
    expect(new Set(starts)).toEqual(new Set([1_050, 2_100, 3_150]));
    expect(starts).toHaveLength(15);
  });

  test('that there is more after all is believed', () => {
    const rate = limitOf();
    rate.stated({ remaining: 0, resetMs: 60_000, limit: 300 }, rate.start(), false);
    nowMs = 1_050;
    expect(rate.waitMs()).toBe(0);
    rate.stated({ remaining: 90, resetMs: 40_000, limit: 300 }, rate.start(), false);
    expect(startsUntil(rate, 1_060)).toHaveLength(90);
  });

  test('what it said of an earlier count is not held against the next one', () => {
    const rate = limitOf();
    const slow = rate.start();
    rate.stated({ remaining: 0, resetMs: 1_000, limit: 2 }, rate.start(), true);
    nowMs = 1_000;
    expect(rate.waitMs()).toBe(0);
    rate.stated({ remaining: 0, resetMs: 1_000, limit: 2 }, slow, false);
    expect(rate.waitMs()).toBe(0);
  });
});

describe('a call that was refused alone', () => {
  test('is followed by a rest, twice as long after each further one, half as long after each answer', () => {
    const rate = limitOf();
    const rests = [1, 2, 3, 4, 5, 6].map(() => {
      rate.rejectedAlone();
      return rate.waitMs();
    });
    expect(rests).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    for (let answers = 0; answers < 4; answers++) rate.succeeded();
    nowMs += 8_000;
    rate.rejectedAlone();
    expect(rate.waitMs()).toBe(2_000);
  });

  test('is forgotten on a reset, what was stated is not', () => {
    const rate = limitOf();
    rate.stated({ remaining: 0, resetMs: 300 }, rate.start(), true);
    rate.rejectedAlone();
    rate.reset();
    expect(rate.waitMs()).toBe(300);
  });
});
