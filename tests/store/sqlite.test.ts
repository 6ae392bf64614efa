import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { dependants } from '../../src/store/rows/deletions.ts';
import { sqliteConnection } from '../../src/store/sqlite/connection.ts';
import { dropSql } from '../../src/store/sqlite/deletions.ts';
import { findSql } from '../../src/store/sqlite/results.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { withStoreBreaker } from '../../src/store/store-breaker.ts';
import { lookupOf, resultOf } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import { describeStore } from '../contracts/store.ts';
import { recordingLogger } from './recording-logger.ts';

describe('a store on SQLite', () => {
  describeStore('sqlite', sqliteFixture);
});

const outageOf = { code: 'store_unavailable' };

test('a file that another process keeps locked is an outage, and works again when it lets go', async () => {
  const { file, remove } = await sqliteFixture();
  const store = openSqliteStore({ file, statementTimeoutMs: 50 });
  await store.migrate();
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  await expect(store.saveResults([resultOf('a')])).rejects.toMatchObject(outageOf);
  expect(await store.findResults([lookupOf('a')])).toEqual([undefined]);
  other.exec('COMMIT');
  other.close();
  await store.saveResults([resultOf('a')]);
  await store.close();
  await remove();
});

test('SQLite itself waits for no lock, which would block the event loop', async () => {
  const fixture = await sqliteFixture();
  const connection = sqliteConnection(fixture.file);
  expect(connection.prepared('PRAGMA busy_timeout').get()).toEqual({ timeout: 0 });
  connection.close();
  await fixture.remove();
});

test('a lock that is let go of in time is waited for', async () => {
  const { file, remove } = await sqliteFixture();
  const store = openSqliteStore({ file, statementTimeoutMs: 10_000 });
  await store.migrate();
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const saved = store.saveResults([resultOf('a')]);
  await new Promise((resolve) => setImmediate(resolve));
  other.exec('COMMIT');
  other.close();
  await saved;
  expect(await store.findResults([lookupOf('a')])).toMatchObject([{ category: 'pets' }]);
  await store.close();
  await remove();
});

test('a file that is no database is an outage, and works once it is replaced', async () => {
  const { file, remove } = await sqliteFixture();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'this is a letter, and a long one, to no one in particular '.repeat(100));
  const store = openSqliteStore({ file });
  await expect(store.migrate()).rejects.toMatchObject(outageOf);
  writeFileSync(file, '');
  expect(await store.migrate()).not.toEqual([]);
  await store.ping();
  await store.close();
  await remove();
});

/** Behind the breaker, up; what it logs. */
async function startedAt(file: string) {
  const recorded = recordingLogger();
  const { promise: isBack, resolve } = Promise.withResolvers<void>();
  let starts = 0;
  const store = withStoreBreaker(openSqliteStore({ file, statementTimeoutMs: 50 }), {
    logger: recorded.logger,
    timeoutMs: 5000,
    firstPauseMs: 10,
    onStateChange: (up) => {
      if (up && ++starts === 2) resolve();
    },
  });
  await store.start();
  return { store, isBack, recorded };
}

/** Renames a copy over it. */
function replace(file: string): void {
  copyFileSync(file, `${file}.copy`);
  renameSync(`${file}.copy`, file);
}

test.each([
  ['deleted', (file: string) => rmSync(file)],
  ['moved', (file: string) => renameSync(file, `${file}.old`)],
  ['replaced', replace],
])('a file that was %s is noticed, and opened anew', async (_, change) => {
  const { file, remove } = await sqliteFixture();
  const { store, isBack, recorded } = await startedAt(file);
  await store.saveResults([resultOf('a')]);
  expect(await store.reports.censusOfCache()).toMatchObject({ results: 1 });
  change(file);
  await expect
    .poll(() =>
      store.saveResults([resultOf('b')]).then(
        () => true,
        () => false,
      ),
    )
    .toBe(false);
  await isBack;
  expect(recorded.fields).toContainEqual(
    expect.objectContaining({ reason: expect.stringContaining('was moved') }),
  );
  await store.saveResults([resultOf('c')]);
  const seen = new DatabaseSync(file, { readOnly: true });
  const { n } = seen.prepare('SELECT COUNT(*) AS n FROM results').get() ?? {};
  seen.close();
  expect(await store.reports.censusOfCache()).toMatchObject({ results: n });
  expect(n).toBeGreaterThan(0);
  await store.close();
  await remove();
});

test('while another process holds the lock, look-ups go on and the store stays up', async () => {
  const { file, remove } = await sqliteFixture();
  const { store } = await startedAt(file);
  await store.saveResults([resultOf('a')]);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  await expect(store.saveResults([resultOf('b')])).rejects.toMatchObject(outageOf);
  await expect(store.ping()).rejects.toMatchObject(outageOf);
  expect(store.isUp()).toBe(true);
  expect(await store.findResults([lookupOf('a')])).toMatchObject([{ category: 'pets' }]);
  other.close();
  await store.close();
  await remove();
});

test('deleted rows leave the files while others write', async () => {
  const { file, open, remove } = await sqliteFixture();
  const [store, other] = [open(), open()];
  await store.migrate();
  await store.saveResults(Array.from({ length: 2000 }, (_, index) => resultOf(`photo ${index}`)));
  let isOver = false;
  const write = async () => {
    for (let index = 0; !isOver; index += 1) {
      await other.saveResults([resultOf(`later ${index}`)]).catch(() => {});
      await other.findResults([lookupOf('photo 0')]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const written = write();
  const secret = Buffer.from('a word that is to be forgotten');
  await store.saveResults([resultOf('secret', { description: String(secret) })]);
  await store.maintenance.deleteSome({ of: 'results', hash: resultOf('secret').sha256 }, 1);
  await store.maintenance.eraseDeleted();
  isOver = true;
  await written;
  for (const name of readdirSync(dirname(file)))
    expect([name, readFileSync(join(dirname(file), name)).includes(secret)]).toEqual([name, false]);
  await Promise.all([store.close(), other.close()]);
  await remove();
});

test('a folder that cannot be made is an outage', async () => {
  const { file, remove } = await sqliteFixture();
  const blocked = dirname(dirname(file));
  mkdirSync(dirname(blocked), { recursive: true });
  writeFileSync(blocked, '');
  chmodSync(blocked, 0o600);
  const store = openSqliteStore({ file });
  await expect(store.migrate()).rejects.toMatchObject(outageOf);
  await store.close();
  await remove();
});

test('nothing opens the file again after close', async () => {
  const { file, remove } = await sqliteFixture();
  const store = openSqliteStore({ file });
  await store.migrate();
  await store.close();
  await expect(store.ping()).rejects.toMatchObject(outageOf);
  await remove();
});

test('a look-up costs three searches by whole keys', async () => {
  const { open, rows, remove } = await sqliteFixture();
  const store = open();
  await store.migrate();
  const searches = async (trust: 'own' | 'all') =>
    (await rows(`EXPLAIN QUERY PLAN ${findSql(trust).replaceAll('?1', "'[]'")}`))
      .map(({ detail }) => String(detail))
      .filter((detail) => detail.startsWith('SEARCH') || detail.startsWith('SCAN'));
  const own = [
    'SCAN j VIRTUAL TABLE INDEX 1:',
    'SEARCH e USING PRIMARY KEY (sha256=? AND version=?) LEFT-JOIN',
    'SEARCH c USING PRIMARY KEY (claimant=? AND claimed=?) LEFT-JOIN',
    'SEARCH o USING PRIMARY KEY (sha256=? AND version=?) LEFT-JOIN',
  ];
  expect(await searches('own')).toEqual(own);
  expect(await searches('all')).toEqual([
    ...own,
    'SEARCH n USING PRIMARY KEY (sha256=? AND version=?) LEFT-JOIN',
    'SEARCH album_claims USING INDEX album_claims_claimed (claimed=?)',
  ]);
  await store.close();
  await remove();
});

test.each(dependants)('%s are deleted with their photo by keys, however many there are', async (of) => {
  const { open, rows, remove } = await sqliteFixture();
  const store = open();
  await store.migrate();
  const plan = (await rows(`EXPLAIN QUERY PLAN ${dropSql(of)}`)).map(({ detail }) => String(detail));
  const searches = plan.filter((detail) => detail.startsWith('SEARCH'));
  expect(searches).toHaveLength(2);
  expect(searches.at(-1)).toMatch(/USING (COVERING )?INDEX \w+_content \(content=\?\)/);
  expect(plan.filter((detail) => /^SCAN (?!j\b|json_each\b)/.test(detail))).toEqual([]);
  await store.close();
  await remove();
});
