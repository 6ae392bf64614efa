import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free-port.ts';
import type { TestMysqlServer } from './mysql-setup.ts';

/** A server of the test's own, for settings that the shared one does not have. */
export interface OwnMariadb {
  readonly server: TestMysqlServer;
  stop(): Promise<void>;
}

const programs = ['/usr/sbin/mariadbd', '/usr/bin/mariadbd', '/usr/local/bin/mariadbd'];

/** Undefined where MariaDB is not installed, which is said; with REQUIRE_MARIADB=1 that is an error. */
export function mariadbPath(): string | undefined {
  const path = programs.find((program) => existsSync(program));
  if (path !== undefined) return path;
  const message = 'no mariadbd was found to start a server of its own';
  if (process.env.REQUIRE_MARIADB === '1') throw new Error(message);
  console.warn(`\n*** Encrypted connections to MySQL are NOT tested: ${message}. ***\n`);
  return undefined;
}

/** On a free port of loopback, with an empty folder; root has no password. */
export async function startMariadb(path: string, settings: readonly string[]): Promise<OwnMariadb> {
  const folder = mkdtempSync(join(tmpdir(), 'album-mariadb-'));
  // It refuses to run as root unless told to.
  const common = [
    '--no-defaults',
    `--datadir=${folder}`,
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
  execFileSync(
    'mariadb-install-db',
    [...common, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { stdio: 'ignore' },
  );
  const port = await freePort();
  const child = spawn(
    path,
    [
      ...common,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${join(folder, 'socket')}`,
      ...settings,
    ],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  const server = { host: '127.0.0.1', port, user: 'root', password: '' };
  while (child.exitCode === null && !(await answers(server))) await sleep(50);
  if (child.exitCode !== null) throw new Error(`mariadbd ended with ${child.exitCode}`);
  return {
    server,
    async stop() {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Refusals are answers too. */
async function answers(server: TestMysqlServer): Promise<boolean> {
  try {
    await (await createConnection(server)).end();
    return true;
  } catch (error) {
    return Number(Reflect.get(error as Error, 'errno')) > 0;
  }
}
