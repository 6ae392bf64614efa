import { describe, expect, test } from 'vitest';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { claimantOf, lookupOf, resultOf, sha256Of, version } from './rows.ts';
import type { StorePlace } from './store-place.ts';

/** Hit counts, group commit and migrations: what several do at once. */
export function describeConcurrency(place: StorePlace): void {
  describe('hits', () => {
    const hitsOf = async (name: string) =>
      (await place.fixture.rows('SELECT sha256, hits, last_hit_at_ms FROM results'))
        .filter(({ sha256 }) => Buffer.from(sha256 as Uint8Array).toString('hex') === sha256Of(name))
        .map(({ hits, last_hit_at_ms }) => [Number(hits), last_hit_at_ms])[0];
    const hitOn = (name: string, at = 1, count = 1) => ({ sha256: sha256Of(name), version, count, at });

    test('of a batch are counted once, however often it comes, and at the same time', async () => {
      await place.store.saveResults([resultOf('a')]);
      const [batch, other] = [claimantOf('batch'), claimantOf('other batch')];
      await Promise.all([1, 2, 3].map(() => place.store.countHits([hitOn('a', 5, 3)], batch)));
      await place.store.countHits([hitOn('a', 9)], other);
      await place.store.countHits([hitOn('a', 5, 3)], batch);
      expect(await hitsOf('a')).toEqual([4, 9]);
    });

    test('are added, and the last time stays', async () => {
      await place.store.saveResults([resultOf('a'), resultOf('b')]);
      await place.store.countHits([hitOn('a', 9, 3), hitOn('b', 9)]);
      await place.store.countHits([hitOn('a', 5)]);
      expect([await hitsOf('a'), await hitsOf('b')]).toEqual([
        [4, 9],
        [1, 9],
      ]);
    });

    test('never create a row', async () => {
      await place.store.countHits([hitOn('unknown')]);
      expect(await place.fixture.rows('SELECT sha256 FROM results')).toEqual([]);
    });

    test('outlive a better answer', async () => {
      await place.store.saveResults([resultOf('a', { method: 'local' })]);
      await place.store.countHits([hitOn('a')]);
      await place.store.saveResults([resultOf('a')]);
      expect(await hitsOf('a')).toEqual([1, 1]);
    });

    test('are exact when several processes count the same results at once, in any order', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `photo ${index}`);
      await place.store.saveResults(names.map((name) => resultOf(name)));
      const others = [place.store, place.fixture.open(), place.fixture.open(), place.fixture.open()];
      const rounds = others.flatMap((other, process) =>
        Array.from({ length: 15 }, (_, round) => {
          const order = names.map((_, index) => names[(index * 7 + round + process) % names.length] ?? '');
          return Promise.all([
            other.countHits(order.map((name) => hitOn(name))),
            other.saveResults(order.map((name) => resultOf(name))),
          ]);
        }),
      );
      await Promise.all(rounds);
      await Promise.all(others.slice(1).map((other) => other.close()));
      expect(await Promise.all(names.map(hitsOf))).toEqual(names.map(() => [60, 1]));
    });
  });

  describe('group commit', () => {
    test('a thousand look-ups at once cost a few place.statements', async () => {
      const group = withGroupCommit(place.store);
      const names = Array.from({ length: 1000 }, (_, index) => `photo ${index}`);
      await Promise.all(names.map((name) => group.saveResults([resultOf(name)])));
      expect(place.statements).toBeLessThanOrEqual(24);
      place.statements = 0;
      const found = await Promise.all(names.map((name) => group.findResults([lookupOf(name, 'anna')])));
      expect(found.map(([result]) => result?.sha256)).toEqual(names.map(sha256Of));
      expect(place.statements).toBeLessThanOrEqual(24);
    });

    test('a bad row is refused alone; the others of its group are written', async () => {
      const group = withGroupCommit(place.store);
      const saves = Array.from({ length: 50 }, (_, index) =>
        group.saveResults([resultOf(`photo ${index}`, index === 17 ? { confidence: 2 } : {})]),
      );
      const settled = await Promise.allSettled(saves);
      expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
      expect(settled[17]?.status).toBe('rejected');
      expect(await place.fixture.rows('SELECT sha256 FROM results')).toHaveLength(49);
    });
  });

  describe('migrations', () => {
    test('run once, and what was stored stays', async () => {
      await place.store.saveResults([resultOf('a')]);
      const other = place.fixture.open();
      expect(await other.migrate()).toEqual([]);
      expect(await other.findResults([lookupOf('a')])).toMatchObject([{ category: 'pets' }]);
      await other.close();
    });

    test('a probe writes, and can do so again', async () => {
      await place.store.ping();
      await place.store.ping();
      expect(await place.fixture.rows('SELECT id FROM store_probe')).toHaveLength(1);
    });
  });
}
