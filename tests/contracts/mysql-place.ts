import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { onTestFinished } from 'vitest';
import { openMysqlStore } from '../../src/store/mysql/store.ts';
import { dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';
import type { TestMysqlServer } from '../support/mysql-setup.ts';
import type { StoreFixture } from './store-place.ts';

type MysqlFixture = StoreFixture & { readonly database: string };

/** A database that does not exist yet, for one test. */
export async function mysqlFixture(server: TestMysqlServer): Promise<MysqlFixture> {
  const fixture = mysqlDatabase(server);
  // A test that fails leaves nothing behind on the server either.
  onTestFinished(() => fixture.remove());
  return fixture;
}

/** A database that does not exist yet. Its user removes it. */
export function mysqlDatabase(server: TestMysqlServer): MysqlFixture {
  const database = randomDatabase();
  return {
    database,
    records: { photos: 'photo_records', requests: 'request_records' },
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
    async empty() {
      const connection = await createConnection({ ...server, database });
      const [tables] = await connection.query<RowDataPacket[]>(`SELECT table_name AS name
        FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name != 'schema_migrations'`);
      for (const { name } of tables) await connection.query(`DELETE FROM ${name}`);
      await connection.end();
    },
    remove: () => dropDatabase(server, database),
  };
}
