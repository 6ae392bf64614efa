import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { freePort } from './free-port.ts';
import { inherited } from './inherited.ts';

export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Its SQLite file, unless the environment names another database. */
  readonly file: string;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<[code: number | null, signal: string | null]>;
  output(): string;
  /** Resolves when the service takes photos, and that many workers do. */
  ready(workers?: number): Promise<void>;
}

/**
 * `npm start`, as far as a test can have it: the same command in a process of its own, on a free port and an empty
 * SQLite file. Killed when the test ends.
 *
 * @param under a command that runs the one that follows it in its place, such as one that sets limits
 */
export async function spawnService(
  environment: Record<string, string> = {},
  args: readonly string[] = [],
  under: readonly string[] = [],
): Promise<ServiceProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'album-process-'));
  const file = join(folder, 'album.db');
  const port = Number(environment.APP_PORT ?? (await freePort()));
  const [command = process.execPath, ...rest] = [...under, process.execPath, 'src/main.ts', ...args];
  const child = spawn(command, rest, {
    env: {
      ...inherited,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      SQLITE_FILE: file,
      INFERENCE_PROCESSES: '1',
      SHUTDOWN_GRACE: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit') as ServiceProcess['exited'];
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true });
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const url = `http://127.0.0.1:${port}`;
  // A connection kept alive would tie later requests to the worker that answered this one.
  const isReady = () =>
    fetch(`${url}/health/ready`, { headers: { connection: 'close' } }).then(
      ({ ok }) => ok,
      () => false,
    );
  return {
    url,
    child,
    file,
    exited,
    output: () => output,
    async ready(workers = 1) {
      // A worker has a line for each address.
      const listening = () =>
        new Set([...output.matchAll(/"pid":(\d+).*Server listening/g)].map(([, pid]) => pid)).size;
      if (workers > 1) await expect.poll(listening, { timeout: 60_000 }).toBe(workers);
      await expect.poll(isReady, { timeout: 60_000 }).toBe(true);
    },
  };
}

/** Ready for requests. */
export async function startServiceProcess(environment?: Record<string, string>): Promise<ServiceProcess> {
  const service = await spawnService(environment);
  await service.ready();
  return service;
}
