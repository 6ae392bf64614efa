import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formOf, post, sampleBytes } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';

let folder: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-process-'));
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** `npm start`, as far as a test can have it: the same command in a process of its own. */
async function start(environment: Record<string, string> = {}) {
  const port = await freePort();
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH: process.env.PATH,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      SQLITE_FILE: join(folder, 'album.db'),
      INFERENCE_PROCESSES: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const url = `http://127.0.0.1:${port}`;
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  return { child, url, exited, output: () => output };
}

async function ready(url: string): Promise<void> {
  // A connection kept alive would tie later requests to the worker that answered this one.
  const ask = () => fetch(`${url}/health/ready`, { headers: { connection: 'close' } });
  await expect
    .poll(
      () =>
        ask().then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 15_000 },
    )
    .toBe(200);
}

const photo = (name: 'cat.jpg' | 'coffee.jpg', tail = '') => ({
  name: 'image',
  value: Buffer.concat([sampleBytes(name), Buffer.from(tail)]),
});

function childrenOf(pid: number | undefined): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return [];
  }
}

function rows(sql: string) {
  const database = new DatabaseSync(join(folder, 'album.db'), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

describe('the process', () => {
  test('says where it listens, what it runs on and how to try it', async () => {
    const { url, output } = await start();
    await ready(url);
    await expect.poll(output).toContain(`curl -F image=@docs/samples/cat.jpg ${url}/api/v1/classify`);
    expect(output()).toContain('SQLite');
    expect(output()).toContain('local-only');
  });

  test('refuses to start with a wrong configuration, and lists what is wrong', async () => {
    const { exited, output } = await start({ APP_PORT: 'x', WORKERS: 'many' });
    expect((await exited)[0]).toBe(1);
    expect(output()).toContain('APP_PORT must be');
    expect(output()).toContain('WORKERS must be');
  });

  test('SIGTERM, also twice, lets what is in flight finish and loses no record', async () => {
    const llm = await startFakeLlm();
    try {
      const { child, url, exited } = await start({ LLM_BASE_URL: llm.baseUrl });
      await ready(url);
      const release = llm.hold();
      const uploads = Array.from({ length: 5 }, (_, index) =>
        post(`${url}/api/v1/classify`, formOf([photo('cat.jpg', String(index))])),
      );
      await llm.received(5);
      child.kill('SIGTERM');
      child.kill('SIGTERM');
      setTimeout(release, 200);
      const replies = await Promise.all(uploads);
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect((await exited)[0]).toBe(0);
      expect(rows('SELECT COUNT(*) AS n FROM photos')).toEqual([{ n: 5 }]);
      expect(rows('SELECT COUNT(*) AS n FROM results')).toEqual([{ n: 5 }]);
    } finally {
      await llm.close();
    }
  });

  test('leaves no child behind, even when it is killed', async () => {
    const { child, url } = await start();
    await ready(url);
    const children = childrenOf(child.pid);
    expect(children.length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await expect.poll(() => children.filter((pid) => isAlive(pid)), { timeout: 10_000 }).toEqual([]);
  });

  test('a killed inference child costs nobody an answer', async () => {
    const { child, url } = await start();
    await ready(url);
    const uploads = Array.from({ length: 20 }, (_, index) =>
      post(`${url}/api/v1/classify`, formOf([photo('coffee.jpg', String(index))])),
    );
    for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL');
    const replies = await Promise.all(uploads);
    expect(replies.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('several workers', () => {
  test('a killed worker is replaced, and only its own requests are lost', async () => {
    const { child, url, exited, output } = await start({ WORKERS: '2', INFERENCE_PROCESSES: '2' });
    await expect.poll(() => output().match(/Server listening/g)?.length, { timeout: 15_000 }).toBe(2);
    const workers = () => childrenOf(child.pid);
    await expect.poll(() => workers().length).toBe(2);
    const [victim = 0] = workers();
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => isAlive(victim)).toBe(false);
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => post(`${url}/api/v1/classify`, formOf([photo('cat.jpg')]))),
    );
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    await expect.poll(() => workers().filter((pid) => pid !== victim).length, { timeout: 15_000 }).toBe(2);
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
