/** Looks once for a MySQL-protocol server that tests may use, and says loudly when there is none. */
import { createConnection } from 'mysql2/promise';
import type { TestProject } from 'vitest/node';

export interface TestMysqlServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    mysqlServer: TestMysqlServer | null;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const url = new URL(process.env.TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306');
  const server: TestMysqlServer = {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const problem = await unreachable(server);
  project.provide('mysqlServer', problem === undefined ? server : null);
  if (problem === undefined) return () => {};
  const place = `${server.host}:${server.port}`;
  if (process.env.REQUIRE_MYSQL === '1')
    throw new Error(`REQUIRE_MYSQL=1, but no MySQL server can be used at ${place}: ${problem}`);
  return () =>
    console.warn(
      [
        '',
        '='.repeat(100),
        `LEFT OUT: every test that needs a MySQL server. None can be used at ${place} (${problem}).`,
        'Start one:  docker run -d -p 3306:3306 -e MYSQL_ALLOW_EMPTY_PASSWORD=1 mysql:8.4   (or MariaDB 10.6+)',
        'or name it: TEST_MYSQL_URL=mysql://user:password@host:3306 npm test   (it may create databases).',
        'With REQUIRE_MYSQL=1 its absence is a failure.',
        '='.repeat(100),
      ].join('\n'),
    );
}

async function unreachable(server: TestMysqlServer): Promise<string | undefined> {
  try {
    const connection = await createConnection({ ...server, connectTimeout: 3000 });
    await connection.end();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message || String(Reflect.get(error, 'code')) : String(error);
  }
}
