import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrationsUrl, readMigrations, statementsOf } from '../../src/store/migrate.ts';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { describeWithMysql } from '../support/mysql.ts';

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

describe('migrating SQLite', () => {
  describeHistory(sqliteFixture);

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
});
