import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimantOf, claimOf, resultOf, sha256Of } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';

const fixture = await sqliteFixture();
const store = fixture.open();

beforeAll(() => store.migrate());
afterAll(async () => {
  await store.close();
  await fixture.remove();
});

test('what the cache holds is counted one by one where it is little', async () => {
  await store.saveResults(
    [1, 2, 3].map((n) => resultOf(`photo ${n}`, { version: n === 1 ? 'old' : 'new', createdAt: n })),
  );
  await store.saveClaims([claimOf('anna', 'claimed', 'photo 1')]);
  await store.saveFeedback({
    claimant: claimantOf('anna'),
    hash: sha256Of('claimed'),
    category: 'foods',
    at: 1,
  });
  expect(await store.maintenance.cacheCounts()).toEqual({
    versions: [
      { version: 'new', results: 2, oldest: 2, newest: 3 },
      { version: 'old', results: 1, oldest: 1, newest: 1 },
    ],
    results: 3,
    claims: 2,
    feedback: 1,
    isEstimate: false,
  });
});

test('of many results a part is read, and a version with few is counted all the same', async () => {
  const many = 100_000;
  await fixture.change(`INSERT INTO results (sha256, version, category, confidence, method, model, created_at_ms, hits, used_at_ms)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
    SELECT randomblob(32), 'many', 'pets', 0.9, 'llm', 'm', i, i % 7, i FROM n`);
  const { versions, results, isEstimate } = await store.maintenance.cacheCounts();
  expect(isEstimate).toBe(true);
  // Five standard deviations of a sample of 6,000.
  expect(Math.abs(results / many - 1)).toBeLessThan(0.07);
  expect(versions.find(({ version }) => version === 'new')?.results).toBe(2);
  expect(await store.maintenance.resultsBeyond(many / 2)).toBe(many / 2 + 3);
  const census = await store.reports.censusOfCache();
  expect(Math.abs(census.results / many - 1)).toBeLessThan(0.07);
  expect(census.maxHits).toBe(6);
});
