/**
 * Duration of migration 050 on a database of the previous release, and answers in the meantime:
 *
 * `npm run bench bench/migrate-claims.ts -- --database=FILE|mysql://… [--results=1000000] [--only=fill|migrate]`
 *
 * Each result has one claim, with all rows that the previous release kept for both. The database must be new when it
 * is filled, and is kept: remove it yourself. The service migrates it in a process of its own. Meanwhile the bench
 * polls its port, health and look-ups, and the look-ups of a process of the previous release.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../tests/support/free-port.ts';
import { fillOldRelease, knownClaim, openOldLookups } from './old-release.ts';
import { percentile } from './start-service.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: '/tmp/album-bench-claims.db' },
    results: { type: 'string', default: '1000000' },
    only: { type: 'string' },
  },
});
const { database, only } = values;
const isMysql = database.startsWith('mysql://');
const everyMs = 20;
const limitMs = 3_600_000;

const since = (ms: number) => `${((performance.now() - ms) / 1000).toFixed(1)} s`;
const sizeMb = () =>
  ['', '-wal']
    .map((end) => database + end)
    .reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0) / 1e6;

if (only !== 'migrate') {
  const startedMs = performance.now();
  await fillOldRelease(database, Number(values.results));
  console.log(`${values.results} results and as many claims, filled in ${since(startedMs)}`);
}
if (only !== 'fill') await migrate();

async function migrate(): Promise<void> {
  if (!isMysql) console.log(`  file before: ${sizeMb().toFixed(0)} MB`);
  const port = await freePort();
  const startedMs = performance.now();
  const child = spawn(process.execPath, [new URL('../src/main.ts', import.meta.url).pathname], {
    env: {
      PATH: process.env.PATH,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      INFERENCE_PROCESSES: '1',
      LOG_LEVEL: 'warn',
      ...(isMysql ? { DATABASE_URL: database } : { SQLITE_FILE: database }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const isOver = new AbortController();
  const old = oldProcess(isOver.signal, startedMs);
  const [health] = await Promise.all([
    askHealth(port, startedMs, isOver),
    askForPhoto(port, startedMs, isOver),
  ]);
  console.log(`  health: ${health}`);
  console.log(`  the release before: ${await old}`);
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  console.log(`  service's memory: ${Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1000} MB at most`);
  child.kill('SIGTERM');
  await once(child, 'exit');
  if (!isMysql) console.log(`  file after: ${sizeMb().toFixed(0)} MB`);
}

/** Until a look-up hits. */
async function askHealth(port: number, startedMs: number, isOver: AbortController): Promise<string> {
  const times: number[] = [];
  let openAt = '';
  while (!isOver.signal.aborted) {
    const askedMs = performance.now();
    const isAnswered = await fetch(`http://127.0.0.1:${port}/api/v1/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isAnswered) times.push(performance.now() - askedMs);
    if (isAnswered && openAt === '') openAt = since(startedMs);
    await sleep(everyMs);
  }
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(times, share).toFixed(1));
  return `answers after ${openAt}, ${times.length} times, p50 ${p50} ms, p99 ${p99} ms, at most ${Math.max(...times).toFixed(0)} ms`;
}

/** Looks a claimed photo up until it is found. */
async function askForPhoto(port: number, startedMs: number, isOver: AbortController): Promise<void> {
  const { claimed, userId } = knownClaim(7);
  let [unavailable, falseMisses] = [0, 0];
  for (const until = performance.now() + limitMs; performance.now() < until; await sleep(everyMs)) {
    const reply = await fetch(`http://127.0.0.1:${port}/api/v1/classify/check-cache`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user-id': userId },
      body: JSON.stringify({ image_hash: claimed }),
    }).catch(() => undefined);
    if (reply?.status === 503) unavailable += 1;
    if (reply?.status !== 200) continue;
    const { cached } = (await reply.json()) as { cached: boolean };
    if (cached) break;
    falseMisses += 1;
  }
  console.log(
    `  migrated and answering after ${since(startedMs)}; look-ups before: ${unavailable} answered 503, ${falseMisses} missed`,
  );
  isOver.abort();
}

/** Look-ups of the previous release, while its tables exist. */
async function oldProcess(signal: AbortSignal, startedMs: number): Promise<string> {
  const old = await openOldLookups(database);
  const times: number[] = [];
  let lastAt = '';
  while (!signal.aborted) {
    const askedMs = performance.now();
    const isFound = await old.find(knownClaim(Math.floor(Math.random() * 1000))).catch(() => false);
    if (isFound) {
      times.push(performance.now() - askedMs);
      lastAt = since(startedMs);
    }
    await sleep(everyMs);
  }
  await old.close();
  if (times.length === 0) return 'no look-up was answered';
  return `look-ups answered until ${lastAt}, ${times.length} times, p99 ${percentile(times, 0.99).toFixed(1)} ms, at most ${Math.max(...times).toFixed(0)} ms`;
}
