/**
 * Mixed traffic, hostile files, a vendor in trouble and a database that goes away, for minutes: `npm run soak`, or
 * `npm run soak -- 60` for an hour. Prints memory, handles, event-loop delay and every answer by kind and status;
 * exits with 1 where memory or handles grow steadily, or an answer is one that nothing explains.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { openTcpProxy, type TcpProxy } from '../tests/store/tcp-proxy.ts';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { answersOf, openTraffic } from './soak-traffic.ts';
import { startService } from './start-service.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, clients: { type: 'string', default: '16' } },
});
const minutes = Number(positionals[0] ?? 10);
const seed = Number(values.seed);
const clients = Number(values.clients);
const sampleEveryMs = 5_000;

interface Sample {
  readonly atMs: number;
  readonly serverMb: number;
  readonly allMb: number;
  readonly handles: number;
  readonly lagMs: number;
}

const vendor = await startFakeLlm();
const database = await openDatabase();
const service = await startService({
  LLM_BASE_URL: vendor.baseUrl,
  LLM_API_KEY: 'key-of-the-soak',
  LLM_TIMEOUT_SECONDS: '3',
  OPS_TOKEN: 'token-of-the-soak',
  INFERENCE_PROCESSES: '2',
  LOG_LEVEL: 'fatal',
  ...(database && { DATABASE_URL: database.url }),
});
const traffic = await openTraffic({ url: service.url, seed, clients });
console.log(
  `${minutes} minutes, ${clients} clients, seed ${seed}, ${database ? 'MySQL through a proxy' : 'SQLite'}, node ${process.version}`,
);
console.log(' minute   answers/s  server MB  with children MB  handles  loop p99 ms  trouble');

const samples: Sample[] = [];
const beganMs = performance.now();
const trouble = { vendor: false, database: false };
const faults = setInterval(() => void nextFault(), 1_000);
let lastAnswers = 0;
while (performance.now() - beganMs < minutes * 60_000) {
  await sleep(sampleEveryMs);
  const sample = await measure();
  samples.push(sample);
  if (samples.length % 6 !== 0) continue;
  const answers = answersOf(traffic.counts);
  const perSecond = (answers - lastAnswers) / ((6 * sampleEveryMs) / 1_000);
  lastAnswers = answers;
  const inTrouble = Object.entries(trouble).flatMap(([name, isOn]) => (isOn ? [name] : []));
  console.log(
    [
      (sample.atMs / 60_000).toFixed(1).padStart(7),
      perSecond.toFixed(0).padStart(11),
      sample.serverMb.toFixed(0).padStart(10),
      sample.allMb.toFixed(0).padStart(17),
      String(sample.handles).padStart(8),
      sample.lagMs.toFixed(1).padStart(12),
      `  ${inTrouble.join(', ')}`,
    ].join(''),
  );
}
clearInterval(faults);
await setTrouble(0);
await traffic.stop();
await sleep(3_000);
samples.push(await measure());
const problems = [...unexplained(), ...trends()];
console.log('\nAnswers by kind and status:');
for (const [kind, count] of [...traffic.counts].sort()) console.log(`  ${kind.padEnd(48)} ${count}`);
await service.stop();
await vendor.close();
await database?.close();
console.log(problems.length === 0 ? '\nNo growth, nothing unexplained.' : `\n${problems.join('\n')}`);
process.exit(problems.length === 0 ? 0 : 1);

/** A MySQL-protocol server behind a proxy that can take it away; undefined where none is reachable. */
async function openDatabase() {
  const server = new URL(process.env.TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306');
  const name = `album_soak_${process.pid}`;
  const connect = () => createConnection({ uri: server.href });
  const isReachable = await connect().then(
    (connection) => connection.end().then(() => true),
    () => false,
  );
  if (!isReachable) return undefined;
  const proxy: TcpProxy = await openTcpProxy({ host: server.hostname, port: Number(server.port || 3306) });
  const url = new URL(server);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    proxy,
    async close() {
      await proxy.close();
      const connection = await connect();
      await connection.query(`DROP DATABASE IF EXISTS ${name}`);
      await connection.end();
    },
  };
}

/** Second 20–28 of each minute the vendor is in trouble, 40–48 the database, another kind each minute. */
async function nextFault(): Promise<void> {
  await setTrouble((performance.now() - beganMs) / 1_000);
}

async function setTrouble(atS: number): Promise<void> {
  const minute = Math.floor(atS / 60);
  const second = atS % 60;
  const isVendorDown = second >= 20 && second < 28;
  if (isVendorDown !== trouble.vendor) {
    trouble.vendor = isVendorDown;
    const kinds = [
      { status: 503, body: { error: { message: 'overloaded' } } },
      { fault: 'hang' },
      { status: 429, body: { error: { message: 'Rate limit reached' } } },
      { fault: 'reset' },
      { fault: 'garbage' },
    ] as const;
    vendor.behave(
      isVendorDown
        ? (kinds[minute % kinds.length] ?? kinds[0])
        : { content: { category: 'pets', confidence: 0.93, description: 'A cat on a sofa.' }, latencyMs: 60 },
    );
  }
  const isDatabaseDown = second >= 40 && second < 48;
  if (!database || isDatabaseDown === trouble.database) return;
  trouble.database = isDatabaseDown;
  const { proxy } = database;
  if (minute % 2 === 0) await (isDatabaseDown ? proxy.stop() : proxy.restart());
  else if (isDatabaseDown) proxy.freeze();
  else proxy.thaw();
}

async function measure(): Promise<Sample> {
  const headers = { authorization: 'Bearer token-of-the-soak' };
  const text = await (await fetch(`${service.url}/metrics`, { headers })).text();
  const value = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{.*\\})? ([\\d.e+-]+)$`, 'm').exec(text)?.[1]);
  return {
    atMs: performance.now() - beganMs,
    serverMb: value('process_resident_memory_bytes') / 1e6,
    allMb: service.residentBytes() / 1e6,
    handles: value('nodejs_active_handles_total') + value('process_open_fds'),
    lagMs: value('nodejs_eventloop_lag_p99_seconds') * 1_000,
  };
}

function unexplained(): string[] {
  return [...traffic.unexplained].map(([kind, count]) => `UNEXPLAINED ${kind}: ${count}`);
}

/** Growth between the second quarter and the last one of the run, where it is more than noise. */
function trends(): string[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const median = (part: readonly Sample[], of: (sample: Sample) => number) =>
    part.map(of).sort((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0;
  const grown = (name: string, of: (sample: Sample) => number, allowed: number) => {
    const [early, late] = [
      median(samples.slice(quarter, 2 * quarter), of),
      median(samples.slice(-quarter), of),
    ];
    console.log(`${name}: ${early.toFixed(0)} in the second quarter, ${late.toFixed(0)} in the last`);
    return late > early * 1.25 + allowed ? [`GROWS ${name}: ${early.toFixed(0)} → ${late.toFixed(0)}`] : [];
  };
  return [
    ...grown('server MB', ({ serverMb }) => serverMb, 20),
    ...grown('server and children MB', ({ allMb }) => allMb, 50),
    ...grown('handles and descriptors', ({ handles }) => handles, 10),
  ];
}
