import { describe, expect, test } from 'vitest';
import type { Deletion } from '../../src/store/deletions.ts';
import {
  activityOf,
  claimantOf,
  claimOf,
  lookOf,
  lookupOf,
  photoOf,
  requestOf,
  resultOf,
  sha256Of,
} from '../store/rows.ts';
import type { StorePlace } from './store-place.ts';

const hour = 3_600_000;

/** What is corrected, forgotten, dropped and evicted. */
export function describeLife(place: StorePlace): void {
  const rows = async (table: string) => (await place.fixture.rows(`SELECT 1 FROM ${table}`)).length;
  const drop = (deletion: Deletion, limit = 100) => place.store.deleteSome(deletion, limit);

  describe('a category', () => {
    test('that no taxonomy names is refused as the row’s fault', async () => {
      const saved = place.store.saveResults([resultOf('a', { category: 'unheard_of' })]);
      await expect(saved).rejects.toMatchObject({ name: 'StatementError' });
      expect(await rows('results')).toBe(0);
    });

    test('can’t be smuggled in over one that is known', async () => {
      await place.store.saveResults([resultOf('a')]);
      const saved = place.store.saveResults([resultOf('a', { category: 'unheard_of' })]);
      await expect(saved).rejects.toMatchObject({ name: 'StatementError' });
      expect((await place.find('a'))?.category).toBe('pets');
    });
  });

  test.each(['results', 'answers'])('the schema keeps what is no answer out of %s', async (table) => {
    await place.store.saveResults([resultOf('a')]);
    const set = (change: string) => place.fixture.change(`UPDATE ${table} SET ${change}`);
    for (const change of ["category = 'unheard_of'", "category = ''", 'confidence = 0', 'confidence = 1.1'])
      await expect(set(change)).rejects.toThrow(/constraint|_known_category|CONSTRAINT/);
    await set("category = 'pets'");
    expect(await place.find('a')).toMatchObject({ category: 'pets', confidence: resultOf('a').confidence });
  });

  describe('feedback', () => {
    const feedback = {
      claimant: claimantOf('anna'),
      hash: sha256Of('original'),
      content: sha256Of('upload'),
      category: 'foods',
      answered: 'pets',
      model: 'vision-1',
      network: '192.0.2.0/24',
      at: 5,
    };

    test('corrects the answer of its claimant, under both hashes, and nobody else’s', async () => {
      await place.store.saveResults([resultOf('upload')]);
      await place.store.saveClaims([
        claimOf('anna', 'original', 'upload'),
        claimOf('bert', 'original', 'upload'),
      ]);
      await place.store.saveFeedback(feedback);
      for (const name of ['original', 'upload'])
        expect(await place.find(name, 'anna')).toMatchObject({ category: 'pets', corrected: 'foods' });
      expect(await place.find('original', 'bert')).not.toHaveProperty('corrected');
      expect(await place.find('upload', 'bert')).not.toHaveProperty('corrected');
      expect(await place.find('upload')).not.toHaveProperty('corrected');
    });

    test('is listed, the newest for a photo alone, and outlives a new claim', async () => {
      await place.store.saveFeedback({ ...feedback, category: 'idcard' });
      await place.store.saveFeedback({ ...feedback, at: 6 });
      const { content: _, ...listed } = feedback;
      expect(await place.store.newestFeedback(10)).toEqual([{ ...listed, at: 6 }]);
      expect(await place.store.correctors(10)).toEqual([claimantOf('anna')]);
      await place.store.saveResults([resultOf('later')]);
      await place.store.saveClaims([claimOf('anna', 'original', 'later', 9)]);
      expect(await place.find('original', 'anna')).toMatchObject({
        sha256: sha256Of('later'),
        corrected: 'foods',
      });
    });

    test('for a category that no taxonomy names is refused', async () => {
      const saved = place.store.saveFeedback({ ...feedback, category: 'unheard_of' });
      await expect(saved).rejects.toMatchObject({ name: 'StatementError' });
    });
  });

  describe('forgetting', () => {
    test('a claimant takes its claims, feedback and records, in steps, and leaves those of others', async () => {
      await place.store.saveResults([resultOf('x')]);
      await place.store.saveClaims([
        ...['1', '2', '3'].map((name) => claimOf('anna', name, 'x')),
        claimOf('bert', '1', 'x'),
      ]);
      await place.store.saveActivity(
        activityOf({ photos: [photoOf(), photoOf(), photoOf({ claimant: claimantOf('bert') })] }),
      );
      await place.store.saveActivity(
        activityOf({ requests: [requestOf(), requestOf({ claimant: claimantOf('bert') })] }),
      );
      const claimant = claimantOf('anna');
      expect(await drop({ of: 'claims', claimant }, 2)).toBe(2);
      expect(await drop({ of: 'claims', claimant }, 2)).toBe(1);
      expect(await drop({ of: 'claims', claimant }, 2)).toBe(0);
      expect(await drop({ of: 'photos', claimant })).toBe(2);
      expect(await drop({ of: 'requests', claimant })).toBe(1);
      expect(await place.find('1', 'anna')).toBeUndefined();
      expect(await place.find('1', 'bert')).toMatchObject({ via: 'claim' });
      expect([await rows('photos'), await rows('requests')]).toEqual([1, 1]);
    });

    test('a claim settles anew what the others amount to', async () => {
      await place.store.saveResults([resultOf('x')]);
      await place.store.saveClaims([claimOf('anna', '1', 'x'), claimOf('bert', '1', 'x')]);
      const verdicts = () => place.fixture.rows('SELECT witnesses FROM claim_verdicts');
      expect(await verdicts()).toEqual([{ witnesses: 2 }]);
      await drop({ of: 'claims', claimant: claimantOf('bert') });
      expect(await verdicts()).toEqual([{ witnesses: 1 }]);
      await drop({ of: 'claims', claimant: claimantOf('anna') });
      expect(await verdicts()).toEqual([]);
    });

    test('a photo takes all versions of its result, its look and what claims it', async () => {
      await place.store.saveResults([resultOf('x'), resultOf('x', { version: 'v2' }), resultOf('y')]);
      await place.store.saveLooks(['x', 'y'].map((name) => ({ sha256: sha256Of(name), look: lookOf(name) })));
      await place.store.saveClaims([claimOf('anna', '1', 'x'), claimOf('anna', '2', 'y')]);
      expect(await drop({ of: 'results', hash: sha256Of('x') })).toBe(2);
      expect(await drop({ of: 'claims', content: sha256Of('x') })).toBe(1);
      expect([await rows('results'), await rows('looks'), await rows('hash_claims')]).toEqual([1, 1, 1]);
    });

    test('a look stays as long as one version of its result does', async () => {
      await place.store.saveResults([resultOf('x', { version: 'v1' }), resultOf('x', { version: 'v2' })]);
      await place.store.saveLooks([{ sha256: sha256Of('x'), look: lookOf('x') }]);
      await drop({ of: 'results', version: 'v1' });
      expect(await rows('looks')).toBe(1);
      expect(await place.store.cacheCounts()).toMatchObject({
        versions: [{ version: 'v2', results: 1 }],
        results: 1,
      });
      await drop({ of: 'results', version: 'v2' });
      expect(await rows('looks')).toBe(0);
    });

    test('goes by time, the oldest first', async () => {
      await place.store.saveActivity(activityOf({ photos: [30, 10, 20, 40].map((at) => photoOf({ at })) }));
      expect(await drop({ of: 'photos', before: 40 }, 2)).toBe(2);
      const left = await place.fixture.rows('SELECT at_ms FROM photos ORDER BY at_ms');
      expect(left.map(({ at_ms }) => Number(at_ms))).toEqual([30, 40]);
    });

    test('what was used least recently goes first, a hit counting as use', async () => {
      await place.store.saveResults(
        ['a', 'b', 'c'].map((name, index) => resultOf(name, { createdAt: (index + 1) * hour })),
      );
      await place.store.countHits([{ sha256: sha256Of('a'), version: 't1-p1-e0', count: 1, at: 9.5 * hour }]);
      expect(await drop({ of: 'results', leastUsed: true }, 1)).toBe(1);
      const found = await place.store.findResults(['a', 'b', 'c'].map((name) => lookupOf(name)));
      expect(found.map((one) => one?.sha256)).toEqual([sha256Of('a'), undefined, sha256Of('c')]);
    });

    test('by what a table does not have is refused, and forgets nothing', async () => {
      await place.store.saveActivity(activityOf({ photos: [photoOf()] }));
      for (const deletion of [
        { of: 'photos', version: 'v1' },
        { of: 'photos' },
        { of: 'photos', hash: 'abc' },
      ] as const)
        await expect(drop(deletion)).rejects.toMatchObject({ name: 'StatementError' });
      expect(await rows('photos')).toBe(1);
    });

    test('a photo takes its refusals too', async () => {
      const until = 9_000_000_000_000;
      for (const [name, version] of [
        ['x', 'v1'],
        ['x', 'v2'],
        ['y', 'v1'],
      ] as const)
        await place.store.saveRefusal({ sha256: sha256Of(name), version, until });
      expect(await drop({ of: 'refusals', hash: sha256Of('x') })).toBe(2);
      expect(await rows('refusals')).toBe(1);
    });

    test('leases goes by when they ran out', async () => {
      await place.store.acquireLeases([{ name: sha256Of('x'), owner: claimantOf('me'), ttlMs: 60_000 }]);
      expect(await drop({ of: 'leases', before: Date.now() })).toBe(0);
      expect(await drop({ of: 'leases', before: Date.now() + 120_000 })).toBe(1);
    });
  });
}
