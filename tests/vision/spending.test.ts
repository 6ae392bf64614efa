import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { costMicroOf } from '../../src/vision/calls/price.ts';
import { openSpending, type SpendingOptions } from '../../src/vision/calls/spending.ts';
import { memoryLedger } from '../support/vision.ts';

const price = { input: 0.4, output: 1.6 };
const usage = { inputTokens: 300, outputTokens: 50 };
const costMicro = 200;

let now: number;
let nowMs: number;
let changes: boolean[];
let failures: unknown[];

beforeEach(() => {
  now = Date.UTC(2026, 10, 22, 23, 30);
  nowMs = 0;
  changes = [];
  failures = [];
});

function spending(options: Partial<SpendingOptions> = {}) {
  return openSpending({
    ledger: memoryLedger(),
    dailyMicro: 10_000,
    monthlyMicro: Number.POSITIVE_INFINITY,
    timeZone: 'UTC',
    onExhausted: (isExhausted) => changes.push(isExhausted),
    onFailure: (error) => failures.push(error),
    now: () => now,
    nowMs: () => nowMs,
    ...options,
  });
}

describe('a price', () => {
  test('of tokens is taken from what the vendor counted, and rounded up', () => {
    expect(costMicroOf(price, usage)).toBe(costMicro);
    expect(costMicroOf(price, { inputTokens: 1, outputTokens: 0 })).toBe(1);
    expect(costMicroOf(price, undefined)).toBeUndefined();
  });

  test('of cached input is its own where there is one', () => {
    const cached = { ...usage, cachedInputTokens: 100 };
    expect(costMicroOf({ ...price, cachedInput: 0.1 }, cached)).toBe(170);
    expect(costMicroOf(price, cached)).toBe(costMicro);
  });
});

describe('money', () => {
  test('is reserved before a call and settled after it, for the day and the month', async () => {
    const ledger = memoryLedger();
    const one = spending({ ledger });
    const reservation = await one.reserve(price);
    expect(ledger.sums.get('2026-11-22')).toBeGreaterThan(costMicro);
    expect(reservation.settle(usage)).toBe(costMicro);
    expect(Object.fromEntries(ledger.sums)).toEqual({ '2026-11-22': costMicro, '2026-11': costMicro });
  });

  test('of a call that cost nothing is given back, of one that broke off is kept', async () => {
    const ledger = memoryLedger();
    const one = spending({ ledger });
    (await one.reserve(price)).settle('nothing');
    expect(ledger.sums.get('2026-11')).toBe(0);
    (await one.reserve(price)).settle('unknown');
    expect(ledger.sums.get('2026-11')).toBeGreaterThan(costMicro);
  });

  test('stays booked as reserved where it can not be settled, and is not settled later', async () => {
    const ledger = memoryLedger();
    let isDown = true;
    const failing: typeof ledger = {
      ...ledger,
      addSpend: (...added) => (isDown ? Promise.reject(new Error('down')) : ledger.addSpend(...added)),
    };
    const one = spending({ ledger: failing });
    const [first, second] = [await one.reserve(price), await one.reserve(price)];
    const reserved = ledger.sums.get('2026-11') ?? 0;
    expect(first.settle(usage)).toBe(costMicro);
    await expect.poll(() => failures).toHaveLength(1);
    expect(ledger.sums.get('2026-11')).toBe(reserved);
    isDown = false;
    second.settle(usage);
    expect(ledger.sums.get('2026-11')).toBe(reserved / 2 + costMicro);
  });

  test('at the cap is rejected, which is reported once and holds for a second', async () => {
    const one = spending({ dailyMicro: 2_000 });
    (await one.reserve(price)).settle(usage);
    for (let calls = 0; calls < 9; calls++) (await one.reserve(price)).settle(usage);
    await expect(one.reserve(price)).rejects.toMatchObject({ reason: 'over_budget' });
    await expect(one.reserve(price)).rejects.toMatchObject({ reason: 'over_budget' });
    expect([one.isExhausted, changes]).toEqual([true, [true]]);
    nowMs = 1_001;
    expect(one.isExhausted).toBe(false);
  });

  test('is there again on the next day, where the day is the one of the time zone', async () => {
    const one = spending({ dailyMicro: 3_000, timeZone: 'Asia/Shanghai' });
    for (let calls = 0; calls < 20; calls++)
      await one.reserve(price).then(
        (reservation) => reservation.settle(usage),
        () => {},
      );
    expect(changes).toEqual([true]);
    now += 60 * 60 * 1000;
    await expect(one.reserve(price)).rejects.toMatchObject({ reason: 'over_budget' });
    now = Date.UTC(2026, 10, 23, 16, 0);
    await one.reserve(price);
    expect(changes).toEqual([true, false]);
  });

  test('is reserved for one call at a time, so that no store is made to queue them', async () => {
    const ledger = memoryLedger();
    let most = 0;
    let atOnce = 0;
    const watched: typeof ledger = {
      ...ledger,
      async reserveSpend(...asked) {
        most = Math.max(most, ++atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
        return ledger.reserveSpend(...asked);
      },
    };
    const one = spending({ ledger: watched });
    await Promise.all([1, 2, 3].map(() => one.reserve(price)));
    expect(most).toBe(1);
  });

  test('is not spent while the store is down', async () => {
    const ledger = { ...memoryLedger(), reserveSpend: () => Promise.reject(new Error('down')) };
    await expect(spending({ ledger }).reserve(price)).rejects.toMatchObject({ reason: 'budget_unknown' });
    expect(failures).toHaveLength(1);
  });

  test('without any cap is only recorded, after the answer, even while the store is down', async () => {
    const unlimited = { dailyMicro: Number.POSITIVE_INFINITY, monthlyMicro: Number.POSITIVE_INFINITY };
    const ledger = memoryLedger();
    (await spending({ ledger, ...unlimited }).reserve(price)).settle(usage);
    expect(ledger.sums.get('2026-11-22')).toBeUndefined();
    await nextTurn();
    expect(ledger.sums.get('2026-11-22')).toBe(costMicro);
    const down = { ...ledger, addSpend: () => Promise.reject(new Error('down')) };
    const reservation = await spending({ ledger: down, ...unlimited }).reserve(price);
    expect(reservation.settle(usage)).toBe(costMicro);
    await expect.poll(() => failures).toHaveLength(1);
  });
});
