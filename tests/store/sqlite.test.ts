import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { answerStatements } from '../../src/store/sqlite-answers.ts';
import { findSql } from '../../src/store/sqlite-results.ts';
import { describeStore } from '../contracts/store.ts';
import { categories, lookupOf, resultOf } from './rows.ts';
import { sqliteFixture } from './sqlite-place.ts';

describe('a store on SQLite', () => {
  describeStore('sqlite', sqliteFixture);
});

const outageOf = { code: 'store_unavailable' };

test('a file that another process keeps locked is an outage, and works again when it lets go', async () => {
  const { file, remove } = await sqliteFixture();
  const store = openSqliteStore({ file, categories, statementTimeoutMs: 50 });
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

test('a lock that is let go of in time is waited for', async () => {
  const { file, remove } = await sqliteFixture();
  const store = openSqliteStore({ file, categories, statementTimeoutMs: 10_000 });
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
  writeFileSync(file, 'this is a letter, and a long one, to nobody in particular '.repeat(100));
  const store = openSqliteStore({ file, categories });
  await expect(store.migrate()).rejects.toMatchObject(outageOf);
  writeFileSync(file, '');
  expect(await store.migrate()).not.toEqual([]);
  await store.ping();
  await store.close();
  await remove();
});

test('a folder that cannot be made is an outage', async () => {
  const { file, remove } = await sqliteFixture();
  const blocked = dirname(dirname(file));
  mkdirSync(dirname(blocked), { recursive: true });
  writeFileSync(blocked, '');
  chmodSync(blocked, 0o600);
  const store = openSqliteStore({ file, categories });
  await expect(store.migrate()).rejects.toMatchObject(outageOf);
  await store.close();
  await remove();
});

test('nothing opens the file again after close', async () => {
  const { file, remove } = await sqliteFixture();
  const store = openSqliteStore({ file, categories });
  await store.migrate();
  await store.close();
  await expect(store.ping()).rejects.toMatchObject(outageOf);
  await remove();
});

test('a look-up costs two searches by key', async () => {
  const { open, rows, remove } = await sqliteFixture();
  const store = open();
  await store.migrate();
  const plan = await rows(`EXPLAIN QUERY PLAN ${findSql({ witnesses: 2 }).replaceAll('?1', "'[]'")}`);
  const searches = plan.map(({ detail }) => String(detail)).filter((detail) => !detail.startsWith('SCAN j '));
  expect(searches).toEqual([
    'SEARCH o USING PRIMARY KEY (hash=? AND asker=? AND version=?) LEFT-JOIN',
    'SEARCH e USING PRIMARY KEY (hash=? AND asker>? AND asker<?) LEFT-JOIN',
  ]);
  await store.close();
  await remove();
});

test('answers are written and deleted by keys, however many there are', async () => {
  const { open, rows, remove } = await sqliteFixture();
  const store = open();
  await store.migrate();
  for (const sql of answerStatements) {
    const plan = (await rows(`EXPLAIN QUERY PLAN ${sql}`)).map(({ detail }) => String(detail));
    expect(
      plan.filter((detail) => /^SEARCH \w+ USING (PRIMARY KEY|COVERING INDEX)/.test(detail)),
    ).not.toEqual([]);
    expect(plan.filter((detail) => /^SCAN (?!j\b|json_each\b)/.test(detail))).toEqual([]);
  }
  await store.close();
  await remove();
});
