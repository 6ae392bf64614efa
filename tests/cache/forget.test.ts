import { afterEach, beforeEach, expect, test } from 'vitest';
import { forget } from '../../src/cache/forget.ts';
import { openResultCache } from '../../src/cache/result-cache.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import type { Store } from '../../src/store/store.ts';
import { resultOf, sha256Of } from '../store/rows.ts';
import { sqliteFixture } from '../store/sqlite-place.ts';

let fixture: Awaited<ReturnType<typeof sqliteFixture>>;
let store: Store;
beforeEach(async () => {
  fixture = await sqliteFixture();
  store = fixture.open();
  await store.migrate();
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

test('a photo is forgotten with what a vendor refused', async () => {
  const until = 9_000_000_000_000;
  for (const name of ['x', 'y']) {
    await store.saveResults([resultOf(name)]);
    await store.saveRefusal({ sha256: sha256Of(name), version: 'v1', until });
  }
  expect(await forget(store, { hash: sha256Of('x') })).toMatchObject({ results: 1, refusals: 1 });
  expect([
    (await fixture.rows('SELECT 1 FROM results')).length,
    (await fixture.rows('SELECT 1 FROM refusals')).length,
  ]).toEqual([1, 1]);
});

test('another process has what was forgotten in memory for its time, and no longer', async () => {
  const memoryMs = 300;
  const result = resultOf('x');
  await store.saveResults([result]);
  const other = openResultCache({
    results: withGroupCommit(store),
    version: result.version,
    provisionalMs: 60_000,
    isProvisional: () => false,
    memoryEntries: 10,
    memoryMs,
    onWriteFailure() {},
  });
  expect(await other.find(result.sha256)).toMatchObject({ from: 'store' });
  await forget(store, { hash: result.sha256 });
  expect(await other.find(result.sha256)).toMatchObject({ from: 'memory' });
  await expect.poll(() => other.find(result.sha256), { timeout: 10 * memoryMs }).toBeUndefined();
});
