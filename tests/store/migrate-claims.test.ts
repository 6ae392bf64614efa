import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { migrationsUrl, readMigrations, statementsOf } from '../../src/store/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import { claimantOf, lookupOf, resultOf, sha256Of, version } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql } from '../support/mysql.ts';

/** The migrations that there were when claims were weighed against each other. */
const before: Record<string, URL> = {};
const folders: string[] = [];

beforeAll(() => {
  for (const driver of ['sqlite', 'mysql']) {
    const folder = mkdtempSync(join(tmpdir(), 'album-migrations-'));
    folders.push(folder);
    const all = new URL(`${driver}/`, migrationsUrl);
    for (const { name } of readMigrations(all).filter((one) => one.name < '050'))
      copyFileSync(fileURLToPath(new URL(`${name}.sql`, all)), join(folder, `${name}.sql`));
    before[driver] = pathToFileURL(`${folder}/`);
  }
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const bytes = (hex: string) => `X'${hex}'`;
const hash = (name: string) => bytes(sha256Of(name));
const claimant = (name: string) => bytes(claimantOf(name));

const claimSql = (who: string, claimed: string, content: string, at: number, corrected?: string) =>
  `INSERT INTO hash_claims (claimed, claimant, content, category, network, at_ms, corrected) VALUES (${hash(claimed)},
    ${claimant(who)}, ${hash(content)}, 'pets', '192.0.2.0/24', ${at}, ${corrected ? `'${corrected}'` : 'NULL'})`;

const feedbackSql = (who: string, about: string) =>
  `INSERT INTO feedback (claimant, hash, category, answered, model, network, at_ms)
    VALUES (${claimant(who)}, ${hash(about)}, 'foods', 'pets', 'vision-1', '192.0.2.0/24', 7)`;

const resultSql = (
  name: string,
) => `INSERT INTO results (sha256, version, category, confidence, method, model,
    created_at_ms, used_at_ms) VALUES (${hash(name)}, '${version}', 'pets', 0.93, 'llm', 'vision-1', 1780000000000, 1)`;

/** Rows of the previous release: two photos with claims and corrections, and remains of a deleted photo. */
const stored = [
  "INSERT INTO categories (category) VALUES ('pets'), ('foods')",
  resultSql('upload'),
  resultSql('other'),
  claimSql('anna', 'original', 'upload', 5),
  claimSql('bert', 'original', 'upload', 6),
  claimSql('bert', 'second', 'other', 8, 'foods'),
  claimSql('bert', 'other', 'other', 7, 'foods'),
  feedbackSql('bert', 'second'),
  claimSql('anna', 'gone', 'evicted', 5, 'foods'),
  feedbackSql('anna', 'gone'),
  `INSERT INTO claim_verdicts (claimed, content, category, witnesses) VALUES (${hash('original')}, ${hash('upload')}, 'pets', 2)`,
  `INSERT INTO claims (claimant, claimed, content, at_ms) VALUES (${claimant('anna')}, ${hash('original')}, ${hash('upload')}, 1)`,
];

async function fill(fixture: StoreFixture, driver: string): Promise<void> {
  const old = fixture.open({ migrations: before[driver] as URL });
  await old.migrate();
  await old.close();
  for (const sql of stored) await fixture.change(sql);
}

const text = (row: Readonly<Record<string, unknown>>) =>
  Object.values(row)
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)))
    .join(' ');

/** Everything that look-ups and lists are made of. */
async function contentOf({ rows }: StoreFixture): Promise<string[]> {
  const read = await Promise.all([
    rows('SELECT sha256, version, category, method, colour FROM results'),
    rows('SELECT claimant, claimed, content, at_ms, corrected FROM album_claims'),
    rows('SELECT claimant, hash, content, category, answered, model, at_ms FROM corrections'),
  ]);
  return read.flat().map(text).sort();
}

const kept = [
  ...['upload', 'other'].map((name) => `${sha256Of(name)} ${version} pets llm null`),
  `${claimantOf('anna')} ${sha256Of('original')} ${sha256Of('upload')} 5 null`,
  `${claimantOf('bert')} ${sha256Of('original')} ${sha256Of('upload')} 6 null`,
  `${claimantOf('bert')} ${sha256Of('second')} ${sha256Of('other')} 8 foods`,
  `${claimantOf('bert')} ${sha256Of('other')} ${sha256Of('other')} 7 foods`,
  `${claimantOf('bert')} ${sha256Of('second')} ${sha256Of('other')} foods pets vision-1 7`,
].sort();

async function expectKept(fixture: StoreFixture, store: Store): Promise<void> {
  expect(await contentOf(fixture)).toEqual(kept);
  const asked = [lookupOf('original', 'anna'), lookupOf('second', 'bert'), lookupOf('original', 'cleo')];
  expect(await store.findResults(asked)).toMatchObject([
    { via: 'claim', sha256: sha256Of('upload') },
    { via: 'claim', corrected: 'foods' },
    undefined,
  ]);
}

function describeMigration(driver: string, prepare: () => Promise<StoreFixture>, tablesSql: string): void {
  test('keeps results, own claims and corrections, and says that it is at work', async () => {
    const fixture = await prepare();
    await fill(fixture, driver);
    const store = fixture.open();
    const pending: string[] = [];
    expect(await store.migrate((names) => pending.push(...names))).toEqual(pending);
    expect(pending).toContain('050-own-claims');
    await expectKept(fixture, store);
    const tables = (await fixture.rows(tablesSql)).map(({ name }) => String(name));
    expect(tables).toEqual(
      expect.arrayContaining(['results', 'album_claims', 'corrections', 'fingerprints']),
    );
    const gone = ['claims', 'hash_claims', 'hash_claims_before', 'claim_verdicts', 'answers', 'looks'];
    for (const table of [...gone, 'feedback', 'categories']) expect(tables).not.toContain(table);
    await store.saveResults([resultOf('new', { category: 'no_category_of_old', colour: '橙色' })]);
    expect(await store.findResults([lookupOf('new')])).toMatchObject([{ colour: '橙色' }]);
    await store.close();
    await fixture.remove();
  });
}

describe('claims on SQLite', () => {
  const tablesSql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')";
  describeMigration('sqlite', sqliteFixture, tablesSql);

  test('what a process of the release before asks for fails, so that it does without the store', async () => {
    const fixture = await sqliteFixture();
    await fill(fixture, 'sqlite');
    const store = fixture.open();
    await store.migrate();
    await store.close();
    for (const table of ['answers', 'categories', 'hash_claims'])
      await expect(fixture.rows(`SELECT * FROM ${table}`)).rejects.toThrow('no such table');
    await fixture.remove();
  });
});

describeWithMysql('claims on MySQL', (server) => {
  const tablesSql =
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()';
  describeMigration('mysql', () => mysqlFixture(server), tablesSql);

  const migration = () => readMigrations(new URL('mysql/', migrationsUrl)).find(({ name }) => name > '050');
  const statements = statementsOf(migration()?.sql ?? '');
  /** After how many statements something has changed. */
  const changes = statements.flatMap((sql, index) => (/^(EXECUTE|DROP)/.test(sql) ? [index + 1] : []));

  async function connect(database: string) {
    const connection = await createConnection({ ...server, database });
    onTestFinished(() => connection.end());
    return connection;
  }

  longTest(
    'a migration that was cut short anywhere runs again from its beginning',
    async () => {
      expect(changes.length).toBeGreaterThan(8);
      const fixture = await mysqlFixture(server);
      for (const count of changes) {
        await fill(fixture, 'mysql');
        const connection = await connect(fixture.database);
        for (const sql of statements.slice(0, count)) await connection.query(sql);
        const store = fixture.open();
        expect(await store.migrate()).toContain('050-own-claims');
        await expectKept(fixture, store);
        await store.close();
        await fixture.remove();
      }
    },
    60_000,
  );

  test('what others write while claims are copied is copied, too', async () => {
    const fixture = await mysqlFixture(server);
    await fill(fixture, 'mysql');
    const connection = await connect(fixture.database);
    for (const sql of statements) {
      if (sql.includes('RENAME TABLE')) {
        await fixture.change(claimSql('cleo', 'late', 'upload', Date.now()));
        await fixture.change(
          `UPDATE hash_claims SET corrected = 'foods' WHERE claimant = ${claimant('anna')}`,
        );
      }
      await connection.query(sql);
    }
    const store = fixture.open();
    await store.migrate(); // no process reads before
    expect(await store.findResults([lookupOf('late', 'cleo'), lookupOf('original', 'anna')])).toMatchObject([
      { via: 'claim' },
      { corrected: 'foods' },
    ]);
    await store.close();
    await fixture.remove();
  });
});
