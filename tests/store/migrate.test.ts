import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrationsUrl, readMigrations, statementsOf } from '../../src/store/migrate.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { expectTrueAnswers } from '../contracts/true-answers.ts';
import { describeWithMysql, mysqlRows } from '../support/mysql.ts';
import { mysqlFixture } from './mysql-place.ts';
import { claimantOf, claimOf, resultOf, sha256Of } from './rows.ts';
import { sqliteFixture } from './sqlite-place.ts';

let folder: string;
let migrations: URL;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-migrations-'));
  migrations = pathToFileURL(`${folder}/`);
});

afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, sql: string) => writeFileSync(join(folder, name), sql);

test('both drivers have the same migrations', () => {
  const [mysql, sqlite] = ['mysql/', 'sqlite/'].map((driver) =>
    readMigrations(new URL(driver, migrationsUrl)).map(({ name }) => name),
  );
  expect(mysql).toEqual(sqlite);
  expect(mysql).not.toEqual([]);
});

test.each([['1-short-number.sql'], ['001-Capital.sql'], ['no-number.sql']])(
  'a file named %s is refused',
  (name) => {
    write(name, 'SELECT 1;');
    expect(() => readMigrations(migrations)).toThrow(name);
  },
);

test('two files with one number are refused', () => {
  write('001-a.sql', 'SELECT 1;');
  write('001-b.sql', 'SELECT 1;');
  expect(() => readMigrations(migrations)).toThrow('number of its own');
});

test('line ends do not change a checksum', () => {
  write('001-a.sql', 'SELECT 1;\nSELECT 2;\n');
  const [unix] = readMigrations(migrations);
  write('001-a.sql', 'SELECT 1;\r\nSELECT 2;\r\n');
  expect(readMigrations(migrations)).toEqual([unix]);
});

test('statements end with a semicolon at the end of a line, and comment lines are left out', () => {
  expect(statementsOf("-- one; two\nSELECT ';' AS a;\n\nSELECT\n  2;\n")).toEqual([
    "SELECT ';' AS a",
    'SELECT\n  2',
  ]);
});

function describeHistory(prepare: () => Promise<StoreFixture>): void {
  test('runs what is new in the order of its number, and only that', async () => {
    const fixture = await prepare();
    write('001-a.sql', 'CREATE TABLE a (x INTEGER);\n');
    const store = fixture.open({ migrations });
    expect(await store.migrate()).toEqual(['001-a']);
    write('003-c.sql', 'INSERT INTO a (x) VALUES (3);\n');
    write('002-b.sql', 'INSERT INTO a (x) VALUES (2);\nALTER TABLE a ADD COLUMN y INTEGER;\n');
    expect(await store.migrate()).toEqual(['002-b', '003-c']);
    expect(await store.migrate()).toEqual([]);
    expect((await fixture.rows('SELECT x, y FROM a')).map(({ x }) => x)).toEqual([2, 3]);
    await store.close();
    await fixture.remove();
  });

  test('refuses to go on when a migration was edited after it ran', async () => {
    const fixture = await prepare();
    write('001-a.sql', 'CREATE TABLE a (x INTEGER);\n');
    const store = fixture.open({ migrations });
    await store.migrate();
    write('001-a.sql', 'CREATE TABLE a (x INTEGER, y INTEGER);\n');
    write('002-b.sql', 'CREATE TABLE b (x INTEGER);\n');
    await expect(store.migrate()).rejects.toMatchObject({
      name: 'EditedMigrationError',
      message: expect.stringContaining('001-a'),
    });
    await store.close();
    await fixture.remove();
  });

  test('leaves alone what a newer release has run', async () => {
    const fixture = await prepare();
    write('001-a.sql', 'CREATE TABLE a (x INTEGER);\n');
    write('002-b.sql', 'CREATE TABLE b (x INTEGER);\n');
    const newer = fixture.open({ migrations });
    await newer.migrate();
    rmSync(join(folder, '002-b.sql'));
    expect(await fixture.open({ migrations }).migrate()).toEqual([]);
    await newer.close();
    await fixture.remove();
  });

  test('says which statement of a migration the server refused, and tries it again', async () => {
    const fixture = await prepare();
    write('001-a.sql', 'CREATE TABEL a (x INTEGER);\n');
    const store = fixture.open({ migrations });
    await expect(store.migrate()).rejects.toMatchObject({
      name: 'StatementError',
      message: expect.stringContaining('TABEL'),
    });
    write('001-a.sql', 'CREATE TABLE a (x INTEGER);\n');
    expect(await store.migrate()).toEqual(['001-a']);
    await store.close();
    await fixture.remove();
  });
}

/** As it was before there were answers, and migrated again. */
async function expectAnswersFilled(
  fixture: StoreFixture,
  run: (sql: string) => Promise<unknown>,
): Promise<void> {
  const store = fixture.open();
  await store.migrate();
  await store.saveResults([
    resultOf('a'),
    resultOf('a', { version: 'v2', category: 'foods' }),
    resultOf('b'),
  ]);
  await store.saveClaims([claimOf('anna', 'x', 'a'), claimOf('bert', 'x', 'a'), claimOf('anna', 'y', 'b')]);
  const many = Array.from({ length: 40 }, (_, index) => `photo ${index}`);
  await store.saveResults(many.map((name) => resultOf(name)));
  await store.saveClaims(
    many.flatMap((name) => ['anna', 'bert'].map((one) => claimOf(one, `original ${name}`, name))),
  );
  await store.saveFeedback({
    claimant: claimantOf('anna'),
    hash: sha256Of('y'),
    category: 'foods',
    network: '',
    at: 2,
  });
  await run('DROP TABLE answers');
  await run("DELETE FROM schema_migrations WHERE name = '040-answers'");
  expect(await store.migrate()).toEqual(['040-answers']);
  expect(await fixture.rows('SELECT 1 FROM answers')).toHaveLength(9 + 4 * many.length);
  await expectTrueAnswers(fixture);
  await store.close();
  await fixture.remove();
}

describe('migrating SQLite', () => {
  describeHistory(sqliteFixture);

  test('makes answers of what was stored before there were any', async () => {
    const fixture = await sqliteFixture();
    await expectAnswersFilled(fixture, async (sql) => {
      const database = new DatabaseSync(fixture.file);
      database.exec(sql);
      database.close();
    });
  });

  test('a migration that fails half-way leaves nothing behind', async () => {
    const fixture = await sqliteFixture();
    write('001-a.sql', 'CREATE TABLE a (x INTEGER);\nCREATE TABLE a (x INTEGER);\n');
    const store = fixture.open({ migrations });
    await expect(store.migrate()).rejects.toThrow('already exists');
    write('001-a.sql', 'CREATE TABLE a (x INTEGER);\n');
    expect(await store.migrate()).toEqual(['001-a']);
    await store.close();
    await fixture.remove();
  });
});

describeWithMysql('migrating MySQL', (server) => {
  describeHistory(() => mysqlFixture(server));

  test('makes answers of what was stored before there were any', async () => {
    const fixture = await mysqlFixture(server);
    await expectAnswersFilled(fixture, (sql) => mysqlRows(server, sql, fixture.database));
  });
});
