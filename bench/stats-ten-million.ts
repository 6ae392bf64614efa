/**
 * Time of every statistics route with millions of records, how far sums lag behind, and how long a writer waits while
 * a day is removed. `npm run bench -- bench/stats-ten-million.ts [records] [sqlite|mysql|both]`; MariaDB or MySQL at
 * 127.0.0.1:3306 with user root and no password, in a database of its own that is dropped afterwards.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { pino } from 'pino';
import { openMetrics } from '../src/stats/metrics.ts';
import { openStats } from '../src/stats/open-stats.ts';
import { minutesKeptMs } from '../src/stats/series.ts';
import { withGroupCommit } from '../src/store/group-commit.ts';
import { openMysqlStore } from '../src/store/mysql.ts';
import { openSqliteStore } from '../src/store/sqlite.ts';
import type { PhotoRecord, RequestRecord, Store } from '../src/store/store.ts';
import { claimantOf } from '../tests/store/rows.ts';
import { percentile } from './start-service.ts';

const records = Number(process.argv[2] ?? 10_000_000);
const which = process.argv[3] ?? 'both';
const days = 90;
const dayMs = 86_400_000;
const group = 5000;
const usersADay = 2000;
const outcomes = [
  'llm',
  'memory',
  'store',
  'store',
  'claim',
  'flight',
  'llm',
  'local',
  'store',
  'failed',
] as const;
const categories = ['pets', 'foods', 'travel_scenery', 'single_person', 'screenshot', 'idcard', 'other'];
const claimants = Array.from({ length: 20_000 }, (_, index) => claimantOf(`user ${index}`));

function photoAt(at: number, index: number): PhotoRecord {
  const outcome = outcomes[(index * 7) % outcomes.length] ?? 'llm';
  const isAnswered = outcome !== 'failed';
  const user = (Math.floor(at / dayMs) * 311 + (index % usersADay)) % claimants.length;
  return {
    at,
    requestId: `req_${Math.floor(at / 1000)}_${index}`,
    claimant: claimants[user] ?? '',
    userId: `user ${user}`,
    network: '192.0.2.0/24',
    kind: outcome === 'claim' ? 'lookup' : 'upload',
    outcome,
    sizeBytes: 200_000 + (index % 1000),
    degraded: outcome === 'local',
    durationMs: outcome === 'llm' ? 800 + ((index * 37) % 3000) : index % 40,
    ...(isAnswered
      ? { category: categories[index % categories.length] ?? 'other', confidence: 0.9, model: 'vision-1' }
      : { errorCode: 'undecodable_image' }),
    ...(outcome === 'store' && { savedMicro: 420 }),
  };
}

function requestFor({ at, requestId, claimant, userId = '', network }: PhotoRecord): RequestRecord {
  const counts = { lookups: 20, lookupHits: 8, uploads: 0, durationMs: 12 };
  return { at, requestId, claimant, userId, network, route: 'batch-check-cache', ...counts };
}

/** Sums of minutes are kept three days: before that, records fall on whole hours, and there are no others. */
function momentOf(at: number, now: number): number {
  return Math.floor(at < now - minutesKeptMs ? at - (at % 3_600_000) : at);
}

async function generate(store: Store, now: number): Promise<void> {
  const started = performance.now();
  const everyMs = (days * dayMs) / records;
  for (let from = 0; from < records; from += group) {
    const length = Math.min(group, records - from);
    const photos = Array.from({ length }, (_, index) =>
      photoAt(momentOf(now - (records - from - index) * everyMs, now), from + index),
    );
    await store.savePhotoRecords(photos);
    await store.saveRequestRecords(photos.filter((_, index) => index % 20 === 0).map(requestFor));
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`  ${records} photos, ${records / 20} requests written in ${seconds.toFixed(0)} s`);
}

async function measure(store: Store, now: number): Promise<void> {
  const grouped = withGroupCommit(store);
  const stats = openStats({
    store: grouped,
    reports: store.reports,
    metrics: openMetrics(),
    timeZone: 'UTC',
    log: pino({ level: 'silent' }),
  });
  await stats.upkeep.run();
  const series = (hours: number, stepMs: number) => () =>
    stats.series({ from: now - hours * 3_600_000, to: now + 60_000, stepMs });
  const routes: [string, () => Promise<unknown>][] = [
    ['today', stats.today],
    ['cache-efficiency (all days)', () => stats.cacheEfficiency()],
    ['category-distribution (90 days)', () => stats.categories(90)],
    ['inference-method (90 days)', () => stats.methods(90)],
    ['batch-cache (90 days)', () => stats.batchCache(90)],
    ['batch-classify (90 days)', () => stats.batchClassify(90)],
    ['users/top (today)', () => stats.topUsers(1, 20)],
    ['users/top (7 days)', () => stats.topUsers(7, 20)],
    ['users/top (90 days)', () => stats.topUsers(90, 20)],
    ['timeseries (12 hours by 5 min)', series(12, 300_000)],
    ['timeseries (15 days by hour)', series(15 * 24, 3_600_000)],
    ['timeseries (90 days by hour)', series(90 * 24, 3_600_000)],
  ];
  for (const [name, read] of routes) {
    const times: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const started = performance.now();
      await read();
      times.push(performance.now() - started);
    }
    const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)].map((ms) => ms.toFixed(1));
    console.log(`  ${name.padEnd(34)} p50 ${p50} ms, p95 ${p95} ms`);
  }

  const before = (await stats.today()).photos;
  const started = performance.now();
  await grouped.recordPhoto(photoAt(Date.now(), 1));
  while ((await stats.today()).photos === before) await sleep(1);
  console.log(`  lag of sums: ${(performance.now() - started).toFixed(1)} ms from record to report`);
}

/** A day goes in steps as the service takes them, while somebody writes all the time. */
async function retain(store: Store, now: number): Promise<void> {
  const grouped = withGroupCommit(store);
  let isOver = false;
  const waits: number[] = [];
  const writing = (async () => {
    while (!isOver) {
      const started = performance.now();
      await grouped.recordPhoto(photoAt(Date.now(), waits.length));
      waits.push(performance.now() - started);
      await sleep(5);
    }
  })();
  await sleep(2000);
  const alone = waits.splice(0);
  const started = performance.now();
  let removed = 0;
  for (let deleted = 1; deleted > 0; removed += deleted) {
    deleted = await store.deleteSome({ of: 'photos', before: now - (days - 1) * dayMs }, 200);
    await sleep(5);
  }
  isOver = true;
  await writing;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const shown = (times: number[]) =>
    `p50 ${percentile(times, 0.5).toFixed(1)}, p99 ${percentile(times, 0.99).toFixed(1)}, longest ${Math.max(...times).toFixed(1)} ms`;
  console.log(
    `  retention: ${removed} records in ${seconds} s; a write took ${shown(waits)} (without: ${shown(alone)})`,
  );
}

async function run(name: string, store: Store): Promise<void> {
  console.log(name);
  const now = Date.now();
  await store.migrate();
  await generate(store, now);
  await measure(store, now);
  await retain(store, now);
  await store.close();
}

if (which !== 'mysql') {
  const folder = mkdtempSync(join(tmpdir(), 'album-bench-stats-'));
  const file = join(folder, 'album.db');
  await run('SQLite', openSqliteStore({ file, statementTimeoutMs: 60_000 })).finally(() =>
    rmSync(folder, { recursive: true }),
  );
}
if (which !== 'sqlite') {
  const database = `album_bench_${randomBytes(4).toString('hex')}`;
  const server = { host: '127.0.0.1', port: 3306, user: 'root', password: '' };
  try {
    const options = { ...server, database, poolSize: 4, statementTimeoutMs: 60_000 };
    await run('MySQL or MariaDB', openMysqlStore(options));
  } finally {
    const connection = await createConnection(server);
    await connection.query(`DROP DATABASE IF EXISTS ${database}`);
    await connection.end();
  }
}
