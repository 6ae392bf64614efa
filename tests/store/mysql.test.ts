import { randomBytes } from 'node:crypto';
import { createConnection, format } from 'mysql2';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { StoredResult } from '../../src/store/entities.ts';
import { configureSession, destroyConnection, execute } from '../../src/store/mysql/connection.ts';
import {
  newestClaimsStatement,
  ownClaimsStatement,
  resultsStatement,
  type Statement,
} from '../../src/store/mysql/results.ts';
import { openMysqlStore } from '../../src/store/mysql/store.ts';
import { reasonOf } from '../../src/store/outage.ts';
import { mysqlDatabase, mysqlFixture } from '../contracts/mysql-place.ts';
import { claimOf, lookupOf, resultOf, sha256Of, version } from '../contracts/rows.ts';
import { describeStore } from '../contracts/store.ts';
import { describeWithMysql, mysqlRows } from '../support/mysql.ts';

describeWithMysql('a store on MySQL', (server) => {
  describe('contract', () => {
    describeStore('mysql', async () => mysqlDatabase(server));
  });

  test.each([1, 20, 500])('a list of %i look-ups is read by whole keys', async (count) => {
    const { open, rows, remove } = await mysqlFixture(server);
    const store = open();
    await store.migrate();
    const names = Array.from({ length: 3000 }, (_, index) => `photo ${index}`);
    await store.saveResults(names.map((name) => resultOf(name)));
    await store.saveClaims(names.map((name) => claimOf(`owner ${name}`, name, name)));
    await store.saveClaims(names.map((name) => claimOf('bert', name, name)));
    await rows('ANALYZE TABLE results, album_claims');
    const planOf = async ({ sql, values }: Statement = { sql: '', values: [] }) => {
      const plan = await rows(`EXPLAIN FORMAT=TRADITIONAL ${format(sql, [...values] as Buffer[][])}`);
      return plan.filter(({ table }) => table !== null && !String(table).startsWith('<'));
    };
    const asked = names.slice(0, count);
    // Of whole keys: a hash and a version; a claimant and a hash.
    const [result, claim] = ['98', '48'];
    const one = { type: expect.stringMatching(/^(range|const|eq_ref|ref)$/), key: 'PRIMARY' };
    const plan = await planOf(resultsStatement(asked.map(sha256Of), [version]));
    expect(plan).toMatchObject([{ table: 'r', ...one, key_len: result }]);
    expect(Number(plan[0]?.rows)).toBe(count);
    for (const claimantOfName of [(name: string) => `owner ${name}`, () => 'bert']) {
      const lookups = asked.map((name) => lookupOf(name, claimantOfName(name)));
      const own = await planOf(ownClaimsStatement(lookups));
      expect(own).toMatchObject([{ table: 'c', ...one, key_len: claim }]);
      expect(Number(own[0]?.rows)).toBe(count);
    }
    const newest = await planOf(newestClaimsStatement(asked.map((name) => lookupOf(name, 'bert'))));
    expect(newest).toHaveLength(count);
    expect(newest[0]).toMatchObject({ table: 'n', type: 'ref', key: 'album_claims_claimed', key_len: '32' });
    await store.close();
    await remove();
  });

  test('a session does not depend on the server’s defaults', async () => {
    const connection = createConnection({ ...server });
    const sessionOf = async () => {
      const names = ['sql_mode', 'time_zone', 'innodb_lock_wait_timeout', 'lock_wait_timeout'];
      const [row] = await execute(
        connection,
        `SELECT ${names.map((name) => `@@${name} AS ${name}`)}`,
        [],
        5000,
      );
      return row;
    };
    await execute(
      connection,
      "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+05:00'",
      [],
      5000,
    );
    expect(await sessionOf()).toMatchObject({ sql_mode: expect.stringContaining('NO_BACKSLASH_ESCAPES') });
    await configureSession(connection, 5000);
    expect(await sessionOf()).toEqual({
      sql_mode: expect.not.stringContaining('NO_BACKSLASH_ESCAPES'),
      time_zone: '+00:00',
      innodb_lock_wait_timeout: 5,
      lock_wait_timeout: 5,
    });
    destroyConnection(connection);
  });

  /** Until one transaction waits for another. */
  async function untilWaiting(database: string): Promise<void> {
    const sql = `SELECT 1 FROM information_schema.innodb_trx t
      JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
      WHERE t.trx_state = 'LOCK WAIT' AND p.db = '${database}'`;
    // The server refreshes the table only after a tenth of a second without a query for it.
    await vi.waitUntil(async () => (await mysqlRows(server, sql)).length > 0, {
      timeout: 5000,
      interval: 250,
    });
  }

  test('a deadlock’s victim tries once more and succeeds', async () => {
    const { database, open, rows, remove } = await mysqlFixture(server);
    const store = open();
    await store.migrate();
    // In the order of their hashes, which is the order of locking.
    const results = ['a', 'b', 'c'].map((name) => resultOf(name));
    results.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    await store.saveResults(results);
    const [first, second] = results;
    const keyOf = (result?: StoredResult) => `sha256 = X'${result?.sha256}' AND version = '${version}'`;
    const hit = (sha256 = '') => ({ sha256, version, count: 1, at: 1 });
    const rival = createConnection({ ...server, database });
    const does = (sql: string) => execute(rival, sql, [], 15_000);
    await does('START TRANSACTION');
    await does(`UPDATE results SET model = 'rival' WHERE ${keyOf(second)}`);
    // The server rolls the smaller transaction back.
    await does(
      `INSERT INTO store_probe (id, at_ms) VALUES ${Array.from({ length: 99 }, (_, id) => `(${id + 2}, 1)`)}`,
    );
    const counted = store.countHits([hit(first?.sha256), hit(second?.sha256)]);
    await untilWaiting(database);
    await does(`UPDATE results SET model = 'rival' WHERE ${keyOf(first)}`);
    await does('COMMIT');
    await counted;
    destroyConnection(rival);
    const counts = await rows('SELECT hits, model FROM results ORDER BY sha256');
    expect(counts.map(({ hits, model }) => [Number(hits), model])).toEqual([
      [1, 'rival'],
      [1, 'rival'],
      [0, 'vision-1'],
    ]);
    await store.close();
    await remove();
  });

  test('processes that could open more connections than the server grants are warned of', async () => {
    const { database, open, remove } = await mysqlFixture(server);
    const few = open();
    await few.migrate();
    expect(await few.checkConnections(1)).toBeUndefined();
    const [row] = await mysqlRows(server, 'SELECT @@GLOBAL.max_connections AS granted');
    const granted = Number(row?.granted);
    const many = openMysqlStore({ ...server, database, poolSize: granted });
    expect(await many.checkConnections(2)).toContain(`the server grants ${granted}`);
    expect(await many.checkConnections(2)).toContain(`${2 * (granted + 1)}`);
    await Promise.all([few.close(), many.close()]);
    await remove();
  });

  describe('with a user of few rights', () => {
    const user = `album_${randomBytes(4).toString('hex')}`;
    const asUser = { ...server, user, password: 'p@ss:/ö' };
    const createUser = async () => {
      onTestFinished(async () => void (await mysqlRows(server, `DROP USER '${user}'@'%'`)));
      await mysqlRows(server, `CREATE USER '${user}'@'%' IDENTIFIED BY 'p@ss:/ö'`);
    };

    test('a database that it may not create is an outage whose reason says what to do', async () => {
      const { database, remove } = await mysqlFixture(server);
      await createUser();
      const store = openMysqlStore({ ...asUser, database, poolSize: 1 });
      await expect(store.migrate()).rejects.toMatchObject({
        code: 'store_unavailable',
        cause: expect.objectContaining({
          message: expect.stringContaining(`CREATE DATABASE \`${database}\``),
        }),
      });
      await store.close();
      await remove();
    });

    test('with the rights that the reason names, it migrates and works', async () => {
      const { database, remove } = await mysqlFixture(server);
      await createUser();
      const store = openMysqlStore({ ...asUser, database, poolSize: 1, statementTimeoutMs: 10_000 });
      const reason = await store.migrate().then(() => '', reasonOf);
      const [, creation, rights] =
        /run (CREATE DATABASE .+?) and grant .+? (SELECT, .+) on it/.exec(reason) ?? [];
      await mysqlRows(server, `${creation}`);
      await mysqlRows(server, `GRANT ${rights} ON \`${database}\`.* TO '${user}'@'%'`);
      expect(await store.migrate()).not.toEqual([]);
      await store.saveResults([resultOf('a')]);
      await store.ping();
      await store.close();
      await remove();
    });

    test('a migrated database needs no more than reading and writing rows', async () => {
      const { database, open, remove } = await mysqlFixture(server);
      const owner = open();
      await owner.migrate();
      await createUser();
      await mysqlRows(server, `GRANT SELECT, INSERT, UPDATE, DELETE ON \`${database}\`.* TO '${user}'@'%'`);
      const store = openMysqlStore({ ...asUser, database, poolSize: 1 });
      expect(await store.migrate()).toEqual([]);
      await store.ping();
      await Promise.all([owner.close(), store.close()]);
      await remove();
    });
  });
});
