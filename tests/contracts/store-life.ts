import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Deletion } from '../../src/store/rows/deletions.ts';
import type { Store } from '../../src/store/store.ts';
import {
  activityOf,
  claimantOf,
  claimOf,
  fingerprintOf,
  lookupOf,
  photoOf,
  requestOf,
  resultOf,
  sha256Of,
  version,
} from './rows.ts';
import type { StorePlace } from './store-place.ts';

const hour = 3_600_000;

/** What is forgotten, dropped and evicted. */
export function describeLife(place: StorePlace): void {
  const rows = async (table: string) => (await place.fixture.rows(`SELECT 1 FROM ${table}`)).length;
  const drop = (deletion: Deletion, limit = 100) => place.store.maintenance.deleteSome(deletion, limit);

  test('the schema keeps what is no answer out of results', async () => {
    await place.store.saveResults([resultOf('a')]);
    const set = (change: string) => place.fixture.change(`UPDATE results SET ${change}`);
    for (const change of ["category = ''", 'confidence = 0', 'confidence = 1.1', "method = 'guess'"])
      await expect(set(change)).rejects.toThrow(/constraint|CONSTRAINT/);
    expect(await place.find('a')).toMatchObject({ category: 'pets', confidence: resultOf('a').confidence });
  });

  const tables = ['results', 'album_claims', 'corrections', 'fingerprints'] as const;
  const counts = async () =>
    Object.fromEntries(await Promise.all(tables.map(async (table) => [table, await rows(table)])));

  /** Of each photo two claims, a correction (which is a claim on the photo's own hash as well) and a fingerprint. */
  async function aboutAll(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await place.store.saveClaims(['anna', 'bert'].map((one) => claimOf(one, `original of ${name}`, name)));
      await place.store.saveFeedback({
        claimant: claimantOf('anna'),
        hash: sha256Of(`original of ${name}`),
        category: 'foods',
        at: 5,
      });
      await place.store.saveFingerprints([
        { claimant: claimantOf('anna'), content: sha256Of(name), fingerprint: fingerprintOf(name) },
      ]);
    }
  }

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
      const claimants = [claimantOf('anna'), claimantOf('cleo')];
      expect(await drop({ of: 'claims', claimants }, 2)).toBe(2);
      expect(await drop({ of: 'claims', claimants }, 2)).toBe(1);
      expect(await drop({ of: 'claims', claimants }, 2)).toBe(0);
      expect(await drop({ of: 'photos', claimants })).toBe(2);
      expect(await drop({ of: 'requests', claimants })).toBe(1);
      expect(await place.find('1', 'anna')).toBeUndefined();
      expect(await place.find('1', 'bert')).toMatchObject({ via: 'claim' });
      const { photos, requests } = place.fixture.records;
      expect([await rows(photos), await rows(requests)]).toEqual([1, 1]);
    });

    test('a photo takes all versions of its result, and what is about it', async () => {
      await place.store.saveResults([resultOf('x'), resultOf('x', { version: 'v2' }), resultOf('y')]);
      await aboutAll(['x', 'y']);
      expect(await drop({ of: 'results', hash: sha256Of('x') })).toBe(2);
      expect(await counts()).toEqual({ results: 1, album_claims: 3, corrections: 1, fingerprints: 1 });
      expect(await place.find('original of y', 'anna')).toMatchObject({ corrected: 'foods' });
    });

    test('what is about a photo stays as long as one version of its result does', async () => {
      await place.store.saveResults([resultOf('x', { version: 'v1' }), resultOf('x', { version: 'v2' })]);
      await aboutAll(['x']);
      await drop({ of: 'results', version: 'v1' });
      expect(await counts()).toEqual({ results: 1, album_claims: 3, corrections: 1, fingerprints: 1 });
      expect(await place.store.maintenance.cacheCounts()).toMatchObject({
        versions: [{ version: 'v2', results: 1 }],
        results: 1,
        claims: 3,
        feedback: 1,
      });
      await drop({ of: 'results', version: 'v2' });
      expect(await counts()).toEqual({ results: 0, album_claims: 0, corrections: 0, fingerprints: 0 });
    });

    test.each([
      ['that is least used', { leastUsed: true }],
      ['by its age', { before: 1_780_000_000_001 }],
    ] as const)('a result %s takes what is about its photo', async (_, by) => {
      await place.store.saveResults([resultOf('x'), resultOf('y', { createdAt: 1_790_000_000_000 })]);
      await aboutAll(['x', 'y']);
      expect(await drop({ of: 'results', ...by }, 1)).toBe(1);
      expect(await place.find('y')).toBeDefined();
      expect(await counts()).toEqual({ results: 1, album_claims: 3, corrections: 1, fingerprints: 1 });
    });

    test('a photo takes its claims however many there are, and only the result is counted', async () => {
      await place.store.saveResults([resultOf('upload'), resultOf('other')]);
      const people = Array.from({ length: 620 }, (_, index) => `person ${index}`);
      await place.store.saveClaims(people.map((person) => claimOf(person, `of ${person}`, 'upload')));
      await place.store.saveClaims([claimOf('anna', 'kept', 'other')]);
      expect(await drop({ of: 'results', hash: sha256Of('upload') })).toBe(1);
      expect(await rows('album_claims')).toBe(1);
    });

    test('reports that name users leaves the others', async () => {
      for (const name of ['census', 'users-30', 'users-90'])
        await place.store.reports.saveSnapshot(name, { body: '{}', at: 1 });
      expect(await drop({ of: 'reports', namesUsers: true })).toBe(2);
      expect(await place.store.reports.findSnapshot('census')).toBeDefined();
    });

    test('goes on while others write the same rows, and neither fails', async () => {
      const others = [place.fixture.open(), place.fixture.open(), place.fixture.open()];
      const names = Array.from({ length: 12 }, (_, index) => `photo ${index}`);
      const people = ['anna', 'bert', 'cleo'];
      let isOver = false;
      const write = async (store: Store, index: number): Promise<number> => {
        let rounds = 0;
        for (; !isOver; rounds += 1) {
          const [who = ''] = people.slice((index + rounds) % 3);
          const claimant = claimantOf(who);
          const order = names.map((_, at) => names[(at * 5 + rounds) % names.length] ?? '');
          await store.saveResults(order.map((name) => resultOf(name)));
          await Promise.all([
            store.saveClaims(order.map((name) => claimOf(who, `of ${name}`, name))),
            store.saveFingerprints(
              order.map((name) => ({ claimant, content: sha256Of(name), fingerprint: fingerprintOf(name) })),
            ),
            store.saveFeedback({ claimant, hash: sha256Of(order[0] ?? ''), category: 'foods', at: rounds }),
            store.saveActivity(
              activityOf({
                photos: order.map((name) => photoOf({ claimant, sha256: sha256Of(name), at: 1000 + rounds })),
                requests: [requestOf({ claimant, at: 1000 + rounds })],
              }),
            ),
            store.countHits(order.map((name) => ({ sha256: sha256Of(name), version, count: 1, at: rounds }))),
          ]);
          // As between requests: a deletion may wait for a thread.
          await nextTurn();
        }
        return rounds;
      };
      const writers = others.map(write);
      for (let round = 0; round < 3; round += 1)
        for (const [index, who] of people.entries()) {
          const claimants = [claimantOf(who)];
          for (const of of ['claims', 'feedback', 'fingerprints', 'photos', 'requests', 'days'] as const)
            await drop({ of, claimants });
          await drop({ of: 'results', hash: sha256Of(names[round * 2 + (index % 2)] ?? '') });
        }
      isOver = true;
      for (const rounds of await Promise.all(writers)) expect(rounds).toBeGreaterThan(0);
      await Promise.all(others.map((store) => store.close()));
    }, 60_000);

    test('goes by time, the oldest first', async () => {
      await place.store.saveActivity(activityOf({ photos: [30, 10, 20, 40].map((at) => photoOf({ at })) }));
      expect(await drop({ of: 'photos', before: 40 }, 2)).toBe(2);
      const left = await place.fixture.rows(
        `SELECT at_ms FROM ${place.fixture.records.photos} ORDER BY at_ms`,
      );
      expect(left.map(({ at_ms }) => Number(at_ms))).toEqual([30, 40]);
    });

    test('what was used least recently goes first, a hit counting as use', async () => {
      await place.store.saveResults(
        ['a', 'b', 'c'].map((name, index) => resultOf(name, { createdAt: (index + 1) * hour })),
      );
      await place.store.countHits([{ sha256: sha256Of('a'), version: 't1-p1-e0', count: 1, at: 9.5 * hour }]);
      await place.store.saveResults([resultOf('a', { createdAt: hour, colour: 'red' })]);
      expect(await drop({ of: 'results', leastUsed: true }, 1)).toBe(1);
      const found = await place.store.findResults(['a', 'b', 'c'].map((name) => lookupOf(name)));
      expect(found.map((one) => one?.sha256)).toEqual([sha256Of('a'), undefined, sha256Of('c')]);
    });

    test('results beyond a number are counted exactly', async () => {
      await place.store.saveResults(['a', 'b', 'c'].map((name) => resultOf(name)));
      const { resultsBeyond } = place.store.maintenance;
      expect([await resultsBeyond(1), await resultsBeyond(3), await resultsBeyond(9)]).toEqual([2, 0, 0]);
    });

    test('by what a table does not have is refused, and forgets nothing', async () => {
      await place.store.saveActivity(activityOf({ photos: [photoOf()] }));
      for (const deletion of [
        { of: 'photos', version: 'v1' },
        { of: 'photos' },
        { of: 'photos', hash: 'abc' },
      ] as const)
        await expect(drop(deletion)).rejects.toMatchObject({ name: 'StatementError' });
      expect(await rows(place.fixture.records.photos)).toBe(1);
    });

    test('is remembered for those who write later, the newest time of each', async () => {
      const { saveErasures, findErasures } = place.store.maintenance;
      const erasures = [
        { kind: 'claimant', name: claimantOf('anna'), at: 5 },
        { kind: 'hash', name: sha256Of('x'), at: 7 },
        { kind: 'before', name: '1780000000000', at: 9 },
      ] as const;
      await saveErasures([]);
      await saveErasures(erasures);
      await saveErasures([
        { ...erasures[0], at: 8 },
        { ...erasures[1], at: 1 },
      ]);
      expect((await findErasures(7)).sort((a, b) => a.at - b.at)).toEqual([
        erasures[1],
        { ...erasures[0], at: 8 },
        erasures[2],
      ]);
      expect(await drop({ of: 'erasures', before: 9 })).toBe(2);
      expect(await findErasures(0)).toEqual([erasures[2]]);
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
