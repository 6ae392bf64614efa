import { describe, expect, test } from 'vitest';
import { sha256Of, version } from './rows.ts';
import type { StorePlace } from './store-place.ts';

/** Money for LLM calls, and photos that are not to be sent again. */
export function describeSpend(place: StorePlace): void {
  const caps = (dayMicro: number, monthMicro = Number.POSITIVE_INFINITY) =>
    [
      { period: '2026-11-22', capMicro: dayMicro },
      { period: '2026-11', capMicro: monthMicro },
    ] as const;

  const spent = async () =>
    Object.fromEntries(
      (await place.fixture.rows('SELECT period, spent_micro FROM llm_spend')).map(
        ({ period, spent_micro }) => [period, Number(spent_micro)],
      ),
    );

  describe('spending', () => {
    test('is charged to day and month', async () => {
      expect(await place.store.reserveSpend(70, caps(100))).toBe(true);
      expect(await spent()).toEqual({ '2026-11-22': 70, '2026-11': 70 });
    });

    test('reaches a cap exactly, but does not pass it', async () => {
      expect(await place.store.reserveSpend(60, caps(100))).toBe(true);
      expect(await place.store.reserveSpend(41, caps(100))).toBe(false);
      expect(await place.store.reserveSpend(40, caps(100))).toBe(true);
      expect(await spent()).toEqual({ '2026-11-22': 100, '2026-11': 100 });
    });

    test('that the month has no room for is not charged to the day either', async () => {
      await place.store.addSpend(95, ['2026-11']);
      expect(await place.store.reserveSpend(10, caps(100, 100))).toBe(false);
      expect((await spent())['2026-11-22'] ?? 0).toBe(0);
    });

    test('is settled up and down, and what is given back can be spent again', async () => {
      await place.store.reserveSpend(100, caps(100));
      await place.store.addSpend(-40, ['2026-11-22', '2026-11']);
      expect(await place.store.reserveSpend(40, caps(100))).toBe(true);
      await place.store.addSpend(25, ['2026-11-22', '2026-11']);
      expect(await spent()).toEqual({ '2026-11-22': 125, '2026-11': 125 });
    });

    test('of several processes at once never passes a cap', async () => {
      const stores = [place.store, place.fixture.open(), place.fixture.open()];
      const granted = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          (stores[index % stores.length] ?? place.store).reserveSpend(10, caps(250, 100_000)),
        ),
      );
      await Promise.all(stores.slice(1).map((store) => store.close()));
      expect(granted.filter(Boolean)).toHaveLength(25);
      expect(await spent()).toEqual({ '2026-11-22': 250, '2026-11': 250 });
    });
  });

  describe('a refusal', () => {
    const photo = { sha256: sha256Of('photo'), version };

    test('is found under its photo and version only', async () => {
      await place.store.saveRefusal({ ...photo, until: 9_000_000_000_000 });
      expect(await place.store.findRefusal(photo)).toBe(9_000_000_000_000);
      expect(await place.store.findRefusal({ ...photo, version: 'other' })).toBeUndefined();
      expect(await place.store.findRefusal({ ...photo, sha256: sha256Of('other') })).toBeUndefined();
    });

    test('ends when the latest of its kind does', async () => {
      await place.store.saveRefusal({ ...photo, until: 9_000_000_000_000 });
      await place.store.saveRefusal({ ...photo, until: 8_000_000_000_000 });
      expect(await place.store.findRefusal(photo)).toBe(9_000_000_000_000);
    });

    test('that has ended is removed by maintenance', async () => {
      await place.store.saveRefusal({ ...photo, sha256: sha256Of('old'), until: 1 });
      await place.store.saveRefusal({ ...photo, until: 9_000_000_000_000 });
      expect(await place.store.maintenance.deleteSome({ of: 'refusals', before: 2 }, 100)).toBe(1);
      expect(await place.fixture.rows('SELECT until_ms FROM refusals')).toHaveLength(1);
    });
  });
}
