import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../tests/support/free-port.ts';

export interface RunningService {
  readonly url: string;
  readonly process: ChildProcess;
  /** Largest resident size so far, in bytes: of the server process, and with its children. */
  readonly peak: { server: number; all: number };
  /** Process ids of its decoder processes. */
  children(): number[];
  /** Resident size of it and its children now. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** `src/main.ts` in a process of its own, on a free loopback port, with a fresh SQLite file. */
export async function startService(
  environment: Record<string, string> = {},
  nodeOptions: readonly string[] = [],
): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), 'album-bench-'));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [...nodeOptions, new URL('../src/main.ts', import.meta.url).pathname],
    {
      env: {
        PATH: process.env.PATH,
        APP_HOST: '127.0.0.1',
        APP_PORT: String(port),
        SQLITE_FILE: join(folder, 'album.db'),
        LOG_LEVEL: 'warn',
        SHUTDOWN_GRACE: '0',
        ...environment,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await sleep(100);
  const pid = child.pid ?? 0;
  const allBytes = () => [pid, ...childrenOf(pid)].map(residentBytes).reduce((sum, bytes) => sum + bytes, 0);
  const peak = { server: 0, all: 0 };
  const sampling = setInterval(() => {
    peak.server = Math.max(peak.server, residentBytes(pid));
    peak.all = Math.max(peak.all, allBytes());
  }, 50);
  return {
    url,
    process: child,
    peak,
    children: () => childrenOf(pid),
    residentBytes: allBytes,
    async stop() {
      clearInterval(sampling);
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Linux only: 0 elsewhere. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    return [];
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
