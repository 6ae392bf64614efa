import { onTestFinished } from 'vitest';
import { openMysqlStore } from '../../src/store/mysql/store.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';
import type { TestMysqlServer } from '../support/mysql-setup.ts';

/** A database that does not exist yet. */
export async function mysqlFixture(
  server: TestMysqlServer,
): Promise<StoreFixture & { readonly database: string }> {
  const database = randomDatabase();
  // A test that fails leaves nothing behind on the server either.
  onTestFinished(() => dropDatabase(server, database));
  return {
    database,
    // A longer limit than in production: a test machine may be busy with something else.
    open: (hooks = {}) =>
      openMysqlStore({
        ...server,
        database,
        poolSize: 4,
        statementTimeoutMs: 10_000,
        ...hooks,
      }),
    rows: (sql) => mysqlRows(server, sql, database),
    change: (sql) => mysqlRows(server, sql, database),
    remove: () => dropDatabase(server, database),
  };
}
