import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openMysqlStore } from '../../src/store/mysql/store.ts';
import { reasonOf } from '../../src/store/outage.ts';
import { activityOf, lookupOf, photoOf, resultOf } from '../contracts/rows.ts';
import { mysqlRows, randomDatabase } from '../support/mysql.ts';
import { mariadbPath, type OwnMariadb, startMariadb } from '../support/own-mariadb.ts';

const path = mariadbPath();

describe.skipIf(path === undefined)('a MySQL server with unusual settings', () => {
  let maria: OwnMariadb;
  beforeAll(async () => {
    maria = await startMariadb(path ?? '', ['--autocommit=0', '--log-bin=binlog', '--server-id=1']);
  });
  afterAll(() => maria.stop());

  function open(options: { user?: string; poolSize?: number } = {}) {
    const database = randomDatabase();
    const server = { ...maria.server, database, poolSize: 4, statementTimeoutMs: 10_000, ...options };
    const store = openMysqlStore(server);
    onTestFinished(() => store.close());
    return { store, database };
  }

  test('that commits nothing by itself keeps what the store writes', async () => {
    const { store, database } = open();
    await store.migrate();
    await store.saveResults([resultOf('a')]);
    await store.saveActivity(activityOf({ photos: [photoOf()] }));
    for (const table of ['results', 'photo_records'])
      expect(await mysqlRows(maria.server, `SELECT 1 FROM ${table}`, database)).toHaveLength(1);
  });

  test('that logs statements is refused, and used once it logs rows', async () => {
    await mysqlRows(maria.server, "SET GLOBAL binlog_format = 'STATEMENT'");
    const { store } = open();
    const reason = await store.migrate().then(() => '', reasonOf);
    const [remedy = ''] = /SET GLOBAL binlog_format = '\w+'/.exec(reason) ?? [];
    await mysqlRows(maria.server, remedy);
    await store.migrate();
    await store.saveActivity(activityOf({ photos: [photoOf()] }));
  });

  test.each([2, 3])(
    'that grants %i connections serves a pool of ten, and reports beside it',
    async (granted) => {
      const user = `few_${granted}`;
      await mysqlRows(maria.server, `CREATE USER ${user}@'%' WITH MAX_USER_CONNECTIONS ${granted}`);
      await mysqlRows(maria.server, `GRANT ALL ON *.* TO ${user}@'%'`);
      const { store } = open({ user, poolSize: 10 });
      await store.migrate();
      for (let round = 0; round < 3; round += 1) {
        const names = Array.from({ length: 30 }, (_, index) => `photo ${round} ${index}`);
        await Promise.all(names.map((name) => store.saveResults([resultOf(name)])));
        const found = await Promise.all(names.map((name) => store.findResults([lookupOf(name)])));
        expect(found.flat().filter((one) => one === undefined)).toEqual([]);
        expect(await store.maintenance.cacheCounts()).toMatchObject({ results: (round + 1) * 30 });
        expect(await store.migrate()).toEqual([]);
      }
    },
  );
});
