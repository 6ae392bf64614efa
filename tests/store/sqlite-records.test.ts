import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { migrationsUrl } from '../../src/store/migrate.ts';
import { activityOf, claimantOf, photoOf, requestOf, sha256Of } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';

const indexesSql = `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('photos', 'requests')
  ORDER BY name`;

test('records of claimants or a photo are found without an index, in one pass over the table', async () => {
  const fixture = await sqliteFixture();
  const store = fixture.open();
  await store.migrate();
  const anna = claimantOf('anna');
  const ofAnna = Array.from({ length: 5 }, () => photoOf({ claimant: anna }));
  const others = ['x', 'x', 'y'].map((name) =>
    photoOf({ claimant: claimantOf('bert'), sha256: sha256Of(name) }),
  );
  const last = photoOf({ claimant: claimantOf('cleo') });
  await store.saveActivity(
    activityOf({ photos: [...ofAnna, ...others, last], requests: [requestOf({ claimant: anna })] }),
  );
  const { deleteSome } = store.maintenance;
  const claimants = [anna, claimantOf('cleo')];
  const pass = {};
  expect(await deleteSome({ of: 'photos', claimants }, 2, pass)).toBe(2);
  // Behind the pass, where no call of it reads again.
  await fixture.change(`INSERT INTO photos (id, at_ms, request_id, claimant, network, kind, outcome, degraded, duration_ms)
    VALUES (1, 1, 'r', X'${anna}', '', 'upload', 'llm', 0, 1)`);
  expect(await deleteSome({ of: 'photos', claimants }, 2, pass)).toBe(2);
  expect(await deleteSome({ of: 'photos', claimants }, 2, pass)).toBe(2);
  expect(await deleteSome({ of: 'photos', claimants }, 2, pass)).toBe(0);
  expect(await deleteSome({ of: 'photos', claimants }, 9)).toBe(1);
  expect(await deleteSome({ of: 'photos', hash: sha256Of('x') }, 1)).toBe(1);
  expect(await deleteSome({ of: 'photos', hash: sha256Of('x') }, 2)).toBe(1);
  expect(await deleteSome({ of: 'requests', claimants }, 9)).toBe(1);
  expect(await deleteSome({ of: 'requests', claimants }, 9)).toBe(0);
  expect(await fixture.rows('SELECT lower(hex(sha256)) AS hash FROM photos')).toEqual([
    { hash: sha256Of('y') },
  ]);
  expect(await fixture.rows(indexesSql)).toEqual([{ name: 'photos_at' }, { name: 'requests_at' }]);
  await store.close();
  await fixture.remove();
});

test('a file full of records is migrated without being rewritten', async () => {
  const fixture = await sqliteFixture();
  const before = mkdtempSync(join(tmpdir(), 'album-migrations-'));
  const all = new URL('sqlite/', migrationsUrl);
  for (const name of readdirSync(all).filter((name) => name < '070'))
    cpSync(new URL(name, all), join(before, name));
  const old = fixture.open({ migrations: pathToFileURL(`${before}/`) });
  await old.migrate();
  await old.close();
  await fixture.change(`INSERT INTO photos (at_ms, request_id, claimant, network, kind, outcome, sha256, degraded, duration_ms)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    SELECT i, 'req_' || i, randomblob(16), '', 'upload', 'llm', randomblob(32), 0, 1 FROM n`);
  const store = fixture.open();
  expect(await store.migrate()).not.toEqual([]);
  expect(await fixture.rows('SELECT COUNT(*) AS n FROM photos')).toEqual([{ n: 5000 }]);
  expect(await fixture.rows(indexesSql)).toHaveLength(2);
  const [{ freelist_count: free } = {}] = await fixture.rows('PRAGMA freelist_count');
  expect(Number(free)).toBeGreaterThan(0);
  await store.close();
  await fixture.remove();
  rmSync(before, { recursive: true });
});
