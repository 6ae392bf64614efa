import { randomBytes } from 'node:crypto';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, inject } from 'vitest';
import type { TestMysqlServer } from './mysql-setup.ts';

/** A suite that needs a MySQL-protocol server; skipped, and said so at the end, where there is none. */
export function describeWithMysql(name: string, suite: (server: TestMysqlServer) => void): void {
  const server = inject('mysqlServer');
  describe.skipIf(server === null)(name, () => {
    if (server !== null) suite(server);
  });
}

/** A unique database name. The database itself is not created. */
export function randomDatabase(): string {
  return `album_test_${randomBytes(6).toString('hex')}`;
}

/** Runs statements as the tests' own client, beside the store. */
export async function mysqlRows(
  server: TestMysqlServer,
  sql: string,
  database?: string,
): Promise<readonly RowDataPacket[]> {
  const connection = await createConnection({ ...server, ...(database && { database }) });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

export async function dropDatabase(server: TestMysqlServer, database: string): Promise<void> {
  await mysqlRows(server, `DROP DATABASE IF EXISTS \`${database}\``);
}
