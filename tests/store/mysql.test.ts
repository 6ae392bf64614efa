import { randomBytes } from 'node:crypto';
import { createConnection, format } from 'mysql2';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openMysqlStore } from '../../src/store/mysql.ts';
import { configureSession, destroyConnection, execute } from '../../src/store/mysql-connection.ts';
import { findStatement } from '../../src/store/mysql-results.ts';
import type { StoredResult } from '../../src/store/store.ts';
import { describeStore } from '../contracts/store.ts';
import { describeWithMysql, mysqlRows } from '../support/mysql.ts';
import { mysqlFixture } from './mysql-place.ts';
import { claimOf, lookupOf, resultOf, version } from './rows.ts';

describeWithMysql('a store on MySQL', (server) => {
  describe('contract', () => {
    describeStore('mysql', () => mysqlFixture(server));
  });

  test.each([1, 20, 500])('a list of %i look-ups is read by three whole keys each', async (count) => {
    const { open, rows, remove } = await mysqlFixture(server);
    const store = open();
    await store.migrate();
    const names = Array.from({ length: 3000 }, (_, index) => `photo ${index}`);
    await store.saveResults(names.map((name) => resultOf(name)));
    await store.saveClaims(names.map((name) => claimOf(name, name, name)));
    await store.saveClaims(names.map((name) => claimOf('bert', name, name)));
    await rows('ANALYZE TABLE answers');
    const { sql, values } = findStatement(
      names.slice(0, count).map((name) => lookupOf(name, name)),
      { witnesses: 2 },
    );
    const plan = await rows(`EXPLAIN ${format(sql, [...values] as Buffer[][])}`);
    // Of its whole key: that of a hash, an asker and a version.
    const wholeKey = String(32 + 16 + 64 + 2);
    expect(plan).toMatchObject([{ table: 'a', type: 'range', key: 'PRIMARY', key_len: wholeKey }]);
    expect(Number(plan[0]?.rows)).toBe(3 * count);
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
    // The server shows anew what waits only after a tenth of a second in which nobody has looked.
    await vi.waitUntil(async () => (await mysqlRows(server, sql)).length > 0, {
      timeout: 5000,
      interval: 250,
    });
  }

  test('a claim that is being made while its content’s first result is saved is answered', async () => {
    const { database, open, remove } = await mysqlFixture(server);
    const store = open();
    await store.migrate();
    const rival = createConnection({ ...server, database });
    const does = (sql: string) => execute(rival, sql, [], 15_000);
    const { claimed, claimant, content } = claimOf('anna', 'x', 'a');
    await does('START TRANSACTION');
    await does(`INSERT INTO hash_claims (claimed, claimant, content, category, network, at_ms)
      VALUES (X'${claimed}', X'${claimant}', X'${content}', 'pets', '', 1)`);
    const saved = store.saveResults([resultOf('a')]);
    await untilWaiting(database);
    await does('COMMIT');
    await saved;
    destroyConnection(rival);
    expect(await store.findResults([lookupOf('x', 'anna')])).toMatchObject([{ via: 'claim' }]);
    await store.close();
    await remove();
  });

  test('a correction waits for a result of its photo that is being saved, and holds for it too', async () => {
    const { database, open, rows, remove } = await mysqlFixture(server);
    const store = open();
    await store.migrate();
    const { sha256 } = resultOf('a');
    await store.saveResults([resultOf('a', { version: 'v2' })]);
    const rival = createConnection({ ...server, database });
    const does = (sql: string) => execute(rival, sql, [], 15_000);
    await does('START TRANSACTION');
    await does(`SELECT * FROM results WHERE sha256 = X'${sha256}' FOR UPDATE`);
    const { claimant } = claimOf('anna', 'a', 'a');
    const corrected = store.saveFeedback({ claimant, hash: sha256, category: 'foods', network: '', at: 1 });
    await untilWaiting(database);
    await does(`INSERT INTO results (sha256, version, category, confidence, method, model, created_at_ms)
      VALUES (X'${sha256}', 'v1', 'pets', 0.9, 'llm', 'rival', 1)`);
    await does('COMMIT');
    await corrected;
    destroyConnection(rival);
    const told = await rows(`SELECT version FROM answers WHERE asker = X'${claimant}' ORDER BY version`);
    expect(told).toEqual([{ version: 'v1' }, { version: 'v2' }]);
    await store.close();
    await remove();
  });

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
    // The server sacrifices whoever has changed less.
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
