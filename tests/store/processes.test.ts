import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import { sha256Of } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { describeWithMysql } from '../support/mysql.ts';

const script = fileURLToPath(new URL('store-process.ts', import.meta.url));
const processes = 4;
const rounds = 25;

async function run(options: object): Promise<string[]> {
  const argument = JSON.stringify({ ...options, rounds });
  const { stdout } = await promisify(execFile)(process.execPath, [script, argument]);
  return JSON.parse(stdout);
}

async function expectOneMigration(fixture: StoreFixture, options: object): Promise<void> {
  const ran = await Promise.all(Array.from({ length: processes }, () => run(options)));
  expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
  expect(ran.flat()).toContain('001-results-claims-records');
  const rows = await fixture.rows('SELECT sha256, hits FROM results');
  const hit = rows.find(({ sha256 }) => Buffer.from(sha256 as Uint8Array).toString('hex') === sha256Of('a'));
  expect(Number(hit?.hits)).toBe(processes * rounds);
  expect(rows).toHaveLength(1 + processes * rounds);
}

describe('processes that start together', () => {
  test('migrate one SQLite file once, and lose no write', async () => {
    const fixture = await sqliteFixture();
    await expectOneMigration(fixture, { sqlite: { file: fixture.file, statementTimeoutMs: 10_000 } });
    await fixture.remove();
  });
});

describeWithMysql('processes that start together', (server) => {
  test('create and migrate one MySQL database once, and lose no write', async () => {
    const fixture = await mysqlFixture(server);
    const { database } = fixture;
    await expectOneMigration(fixture, {
      mysql: { ...server, database, poolSize: 2, statementTimeoutMs: 10_000 },
    });
    await fixture.remove();
  });
});
