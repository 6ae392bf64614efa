import { describe, expect, test } from 'vitest';
import { openCacheMaintenance } from '../../src/cache/maintenance.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import type { Store } from '../../src/store/store.ts';
import { activityOf, photoOf, requestOf, resultOf } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = 1000 * day;

interface Options {
  resultsMs?: number;
  maxResults?: number;
  dropDays?: Store['maintenance']['dropDays'];
}

async function setUp({ dropDays, ...options }: Options = {}) {
  const fixture = await sqliteFixture();
  const store = fixture.open();
  await store.migrate();
  const deleted: [string, number][] = [];
  const failures: unknown[] = [];
  const maintenance = openCacheMaintenance({
    store: { ...store, maintenance: { ...store.maintenance, ...(dropDays && { dropDays }) } },
    leases: withGroupCommit(store),
    recordsMs: 90 * day,
    resultsMs: 0,
    maxResults: 0,
    now: () => now,
    elapsedMs: () => 0,
    onDeleted: (of, rows) => deleted.push([of, rows]),
    onFailure: (error) => failures.push(error),
    ...options,
  });
  const count = async (table: string) => (await fixture.rows(`SELECT 1 FROM ${table}`)).length;
  const close = async () => {
    await maintenance.stop();
    await store.close();
    await fixture.remove();
  };
  return { store, change: fixture.change, maintenance, deleted, failures, count, close };
}

describe('maintenance', () => {
  test('deletes records past their time in steps, and no others', async () => {
    const { store, maintenance, deleted, count, close } = await setUp();
    await store.saveActivity(
      activityOf({ photos: Array.from({ length: 450 }, () => photoOf({ at: now - 91 * day })) }),
    );
    await store.saveActivity(activityOf({ photos: [photoOf({ at: now - 89 * day })] }));
    await store.saveActivity(
      activityOf({ requests: [requestOf({ at: now - 91 * day }), requestOf({ at: now })] }),
    );
    await store.saveResults([resultOf('old', { createdAt: 0 })]);
    await maintenance.sweep();
    expect(deleted).toEqual([
      ['photos', 200],
      ['photos', 250],
      ['requests', 1],
    ]);
    expect([await count('photos'), await count('requests'), await count('results')]).toEqual([1, 1, 1]);
    await close();
  });

  test('deletes results past their time, and those over the number that were used least recently', async () => {
    const { store, maintenance, count, close } = await setUp({ resultsMs: 30 * day, maxResults: 10 });
    await store.saveResults([resultOf('old', { createdAt: now - 31 * day })]);
    const names = Array.from({ length: 15 }, (_, index) => `photo ${index}`);
    await store.saveResults(
      names.map((name, index) => resultOf(name, { createdAt: now - (20 - index) * hour })),
    );
    await store.countHits([
      { sha256: resultOf('photo 0').sha256, version: resultOf('a').version, count: 1, at: now },
    ]);
    await maintenance.sweep();
    expect(await count('results')).toBe(10);
    const [first] = await store.findResults([
      { hash: resultOf('photo 0').sha256, version: resultOf('a').version },
    ]);
    expect(first).toBeDefined();
    await close();
  });

  test('deletes no result while there are only as many as are kept, whatever a sample says', async () => {
    const kept = 15 * 2100;
    const { store, change, maintenance, deleted, count, close } = await setUp({ maxResults: kept });
    // None of their hashes begins with 0: a sample of those that begin with another digit stands for too many.
    await change(`INSERT INTO results (sha256, version, category, confidence, method, model, created_at_ms, used_at_ms)
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${kept} - 1)
      SELECT unhex(substr('123456789abcdef', i % 15 + 1, 1) || substr(hex(randomblob(32)), 2)), 'v', 'pets', 0.9,
        'llm', 'm', 1, 1 FROM n`);
    for (let round = 0; round < 4; round += 1) await maintenance.sweep();
    expect(deleted).toEqual([]);
    await store.saveResults([resultOf('newer'), resultOf('newest')]);
    for (let round = 0; round < 4; round += 1) await maintenance.sweep();
    expect(await count('results')).toBe(kept);
    await close();
  });

  test('remembers batches and what was forgotten for a month', async () => {
    const { store, change, maintenance, count, close } = await setUp();
    const hash = { kind: 'hash', name: resultOf('a').sha256, at: now - 32 * day } as const;
    await store.maintenance.saveErasures([hash, { ...hash, name: resultOf('b').sha256, at: now - 30 * day }]);
    for (const days of [32, 30])
      await change(`INSERT INTO write_batches VALUES (randomblob(16), ${now - days * day})`);
    await maintenance.sweep();
    expect([await count('erasures'), await count('write_batches')]).toEqual([1, 1]);
    await close();
  });

  test('is done by one process at a time', async () => {
    const { store, maintenance, deleted, close } = await setUp();
    await store.saveActivity(activityOf({ photos: [photoOf({ at: 0 })] }));
    await Promise.all([maintenance.sweep(), maintenance.sweep(), maintenance.sweep()]);
    expect(deleted).toEqual([['photos', 1]]);
    await close();
  });

  test('goes on where days cannot be dropped, and says so', async () => {
    const failure = new Error('another statement takes too long');
    const { store, maintenance, failures, count, close } = await setUp({
      maxResults: 1,
      dropDays: () => Promise.reject(failure),
    });
    await store.saveActivity(
      activityOf({ photos: [photoOf({ at: now - 91 * day }), photoOf({ at: now - 89 * day })] }),
    );
    await store.saveResults([resultOf('a'), resultOf('b')]);
    await maintenance.sweep();
    expect(failures).toEqual([failure]);
    expect([await count('photos'), await count('results')]).toEqual([1, 1]);
    await close();
  });

  test('of one table goes on where that of another fails', async () => {
    const { store, change, maintenance, failures, count, close } = await setUp({ maxResults: 1 });
    await store.saveActivity(activityOf({ requests: [requestOf({ at: 0 }), requestOf({ at: now })] }));
    await store.saveResults([resultOf('a'), resultOf('b')]);
    await change('DROP TABLE photos');
    await maintenance.sweep();
    expect(failures).toHaveLength(1);
    expect([await count('requests'), await count('results')]).toEqual([1, 1]);
    await close();
  });

  test('ends, and says so once, where the store is lost within a round', async () => {
    let lose = async () => {};
    const { store, maintenance, failures, close } = await setUp({
      maxResults: 1,
      async dropDays(before) {
        await lose();
        return before;
      },
    });
    lose = () => store.close();
    await maintenance.sweep();
    expect(failures).toHaveLength(1);
    await close();
  });

  test('that fails says so and is tried again later', async () => {
    const { store, maintenance, failures, close } = await setUp();
    await store.close();
    await maintenance.sweep();
    expect(failures).toHaveLength(1);
    await close();
  });
});
