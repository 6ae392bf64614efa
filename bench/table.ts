/**
 * Every path through the service beside its limit or a rival, measured in one run: `npm run bench`, or
 * `npm run bench -- --quick` in about two minutes. `--json` prints JSON, `--only=TEXT` rows with that text, and
 * `--checkout=FOLDER` measures another checkout of this project.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createConnection } from 'mysql2/promise';
import sharp from 'sharp';
import { freePort } from '../tests/support/free-port.ts';
import type { Load, Measured } from './table-client.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    checkout: { type: 'string', default: '.' },
  },
});
const seconds = values.quick ? 2 : 6;
const started: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'album-table-'));
const mysqlServer = process.env.TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306';
const mysqlName = `album_table_${process.pid}`;

interface Row {
  readonly path: string;
  readonly ours: Measured;
  readonly rival: string;
  readonly theirs: Measured;
}

const rows: Row[] = [];
const client = await forked('./table-client.ts');

async function forked(file: string, args: readonly string[] = []): Promise<ChildProcess> {
  const child = fork(new URL(file, import.meta.url), args, {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  started.push(child);
  return child;
}

async function portOf(file: string, ...args: string[]): Promise<number> {
  const child = await forked(file, args);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return port;
}

/** The service of the checkout, ready. @returns its port */
async function service(name: string, environment: Record<string, string>): Promise<number> {
  const port = await freePort();
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: resolve(values.checkout),
    env: {
      PATH: process.env.PATH,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      SQLITE_FILE: join(folder, `${name}.db`),
      LOG_LEVEL: 'warn',
      NEAR_DUPLICATES: 'off',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  started.push(child);
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await sleep(100);
  return port;
}

async function measure(load: Omit<Load, 'seconds'>, lastsS = seconds): Promise<Measured> {
  client.send({ ...load, seconds: lastsS });
  const [measured] = (await once(client, 'message')) as [Measured];
  if (measured.failed > 0)
    console.error(`${measured.failed} wrong answers, the first: ${measured.firstFailure}`);
  return measured;
}

/** Rival, ours, rival, ours: the later of each counts, after the earlier has warmed it up. */
async function compare(
  path: string,
  rival: string,
  ours: Omit<Load, 'seconds'>,
  theirs: Omit<Load, 'seconds'>,
): Promise<void> {
  if (!path.includes(values.only)) return;
  await measure(theirs, 1);
  await measure(ours, 1);
  const row = { path, rival, theirs: await measure(theirs), ours: await measure(ours) };
  rows.push(row);
  if (!values.json) print(row);
}

function print({ path, ours, rival, theirs }: Row): void {
  const rate = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
  console.log(
    `${path.padEnd(44)} ${rate(ours.perSecond).padStart(8)}/s  p50 ${ours.p50Ms.toFixed(2).padStart(7)}  p99 ${ours.p99Ms.toFixed(1).padStart(6)} ms   ${rival.padEnd(28)} ${rate(theirs.perSecond).padStart(8)}/s  p50 ${theirs.p50Ms.toFixed(2).padStart(7)} ms   ratio ${(ours.perSecond / theirs.perSecond).toFixed(2)}`,
  );
}

const request = (path: string, type: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`;
const json = (path: string, body: object): [string] => [
  request(path, 'application/json', JSON.stringify(body)),
];
const formType = 'multipart/form-data; boundary=bench';
const formHead =
  '--bench\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\ncontent-type: image/jpeg\r\n\r\n';
const upload = (photo: Buffer): [string] => [
  request('/api/v1/classify', formType, `${formHead}${photo.toString('latin1')}\r\n--bench--\r\n`),
];

/** An upload with a comment of 16 digits that are other ones each time. */
function freshUpload(photo: Buffer): [string, string] {
  const segment = Buffer.from([0xff, 0xfe, 0, 18]).toString('latin1');
  const text = photo.toString('latin1');
  const whole = request(
    '/api/v1/classify',
    formType,
    `${formHead}${text.slice(0, 2)}${segment}${'#'.repeat(16)}${text.slice(2)}\r\n--bench--\r\n`,
  );
  const [head = '', tail = ''] = whole.split('#'.repeat(16));
  return [head, tail];
}

const hashOf = (photo: Buffer) => createHash('sha256').update(photo).digest('hex');

/** A JPEG of a sample, near that many bytes. */
async function photoOf(kilobytes: number, widthPx: number): Promise<Buffer> {
  let best = Buffer.alloc(0);
  for (const quality of [50, 60, 70, 80, 85, 90, 93, 95, 97, 98, 99]) {
    const photo = await sharp(readFileSync('docs/samples/pagoda.jpg'))
      .resize(widthPx)
      .jpeg({ quality })
      .toBuffer();
    if (
      best.length === 0 ||
      Math.abs(photo.length - kilobytes * 1_000) < Math.abs(best.length - kilobytes * 1_000)
    )
      best = photo;
  }
  return best;
}

/** Stores so many results. @returns their hashes */
async function fill(port: number, count: number): Promise<string[]> {
  const sample = await photoOf(10, 320);
  const photos = Array.from({ length: count }, (_, index) => {
    const note = Buffer.from(String(index).padStart(16, '0'));
    return Buffer.concat([sample.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 18]), note, sample.subarray(2)]);
  });
  for (let at = 0; at < photos.length; at += 10)
    await Promise.all(
      photos.slice(at, at + 10).map(async (photo) => {
        const form = new FormData();
        form.append('image', new Blob([new Uint8Array(photo)]), 'a.jpg');
        const reply = await fetch(`http://127.0.0.1:${port}/api/v1/classify`, { method: 'POST', body: form });
        if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
      }),
    );
  return photos.map(hashOf);
}

async function lookUps(port: number): Promise<void> {
  const bare = await portOf('./table-rivals.ts', 'bare');
  const hashes = await fill(port, 200);
  const path = '/api/v1/classify/check-cache';
  const hits = hashes.map((image_hash) => json(path, { image_hash }));
  const misses = Array.from({ length: 200 }, (_, index) =>
    json(path, { image_hash: hashOf(Buffer.from(String(index))) }),
  );
  for (const connections of [1, 4, 64])
    await compare(
      `check-cache hit, ${connections} connection${connections > 1 ? 's' : ''}`,
      'bare Fastify route',
      { port, requests: hits, connections, expect: '"cached":true' },
      { port: bare, requests: hits, connections, expect: '"cached":true' },
    );
  await compare(
    'check-cache miss, 64 connections',
    'bare Fastify route',
    { port, requests: misses, connections: 64, expect: '"cached":false' },
    { port: bare, requests: misses, connections: 64, expect: '"cached":true' },
  );
  const batch = [json('/api/v1/classify/batch-check-cache', { image_hashes: hashes.slice(0, 100) })];
  await compare(
    'batch-check-cache of 100, 16 connections',
    'bare Fastify route',
    { port, requests: batch, connections: 16, expect: '"cached":true' },
    { port: bare, requests: batch, connections: 16, expect: '"cached":true' },
  );
}

async function lookUpsInMysql(vendorUrl: string): Promise<void> {
  const connection = await createConnection(mysqlServer).catch(() => undefined);
  if (!connection) {
    console.error(`No MySQL-protocol server at ${new URL(mysqlServer).host}: its rows are left out.`);
    return;
  }
  await connection.query(`CREATE DATABASE ${mysqlName}`);
  try {
    const url = `${mysqlServer}/${mysqlName}`;
    // One result in memory: nearly every look-up asks the database.
    const port = await service('mysql', {
      ...withLlm(vendorUrl),
      DATABASE_URL: url,
      MEMORY_CACHE_ENTRIES: '1',
    });
    const hashes = await fill(port, 200);
    await connection.query(
      `CREATE TABLE ${mysqlName}.bench_results (sha256 CHAR(64) PRIMARY KEY, category VARCHAR(64), confidence DOUBLE, description TEXT)`,
    );
    await connection.query(`INSERT INTO ${mysqlName}.bench_results VALUES ?`, [
      hashes.map((hash) => [hash, 'pets', 0.9, '一只猫']),
    ]);
    const query = await portOf('./table-rivals.ts', 'query', url);
    const hits = hashes.map((image_hash) => json('/api/v1/classify/check-cache', { image_hash }));
    for (const connections of [1, 64])
      await compare(
        `… from MySQL or MariaDB, ${connections} connection${connections > 1 ? 's' : ''}`,
        'one pooled query',
        { port, requests: hits, connections, expect: '"cached":true' },
        { port: query, requests: hits, connections, expect: '"cached":true' },
      );
  } finally {
    await stopServices();
    await connection.query(`DROP DATABASE ${mysqlName}`);
    await connection.end();
  }
}

async function uploads(port: number, vendorUrl: string): Promise<void> {
  const drain = await portOf('./table-rivals.ts', 'drain');
  const sizes = [await photoOf(30, 512), await photoOf(170, 1_080), await photoOf(1_000, 2_400)];
  for (const photo of sizes) {
    const requests = [upload(photo)];
    await compare(
      `classify hit, ${Math.round(photo.length / 1_000)} KB, 16 connections`,
      'read and hash the body',
      { port, requests, connections: 16, expect: '"success":true' },
      { port: drain, requests, connections: 16, expect: '"success":true' },
    );
  }
  const forward = await portOf('./table-rivals.ts', 'forward', vendorUrl);
  for (const photo of [await photoOf(30, 512), await photoOf(400, 1_600)]) {
    const requests = [freshUpload(photo)];
    await compare(
      `classify miss, ${Math.round(photo.length / 1_000)} KB, 16 connections`,
      'one process, sharp, forward',
      { port, requests, connections: 16, expect: '"inference_method":"llm"' },
      { port: forward, requests, connections: 16, expect: '"success":true' },
    );
  }
}

/** Photos a second of a bare loop of decoding and inferring, in as many processes as there are cores. */
async function bareLoop(photo: Buffer): Promise<number> {
  const children = await Promise.all(
    Array.from({ length: availableParallelism() }, () => forked('./bare-loop.ts')),
  );
  const rates = await Promise.all(
    children.map(async (child) => {
      child.send({ photos: [photo], manifestFile: 'models/album9/manifest.json' });
      await once(child, 'message');
      child.send({ seconds });
      const [rate] = (await once(child, 'message')) as [number];
      child.kill();
      return rate;
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function localModel(): Promise<void> {
  const path = 'local model over HTTP, 1080×1440';
  if (!path.includes(values.only)) return;
  const photo = await sharp(readFileSync('docs/samples/pagoda.jpg'))
    .resize(1_080, 1_440, { fit: 'cover' })
    .jpeg({ quality: 85 })
    .toBuffer();
  const theirs = await bareLoop(photo);
  const port = await service('local', { STRATEGY: 'local-only' });
  const load = {
    port,
    requests: [freshUpload(photo)],
    connections: 2 * availableParallelism(),
    expect: '"inference_method":"local"',
  };
  await measure(load, 1);
  const row = {
    path,
    ours: await measure(load),
    rival: 'bare loop, as many processes',
    theirs: { perSecond: theirs, p50Ms: 0, p99Ms: 0, failed: 0 },
  };
  rows.push(row);
  if (!values.json) print(row);
}

const withLlm = (vendorUrl: string) => ({
  LLM_BASE_URL: vendorUrl,
  LLM_API_KEY: 'key-of-the-bench',
  LLM_MODEL: 'gpt-6-luna',
  LLM_MAX_CONCURRENCY: '100',
});

async function stopServices(): Promise<void> {
  const services = started.filter((child) => child !== client && child.exitCode === null);
  await Promise.all(
    services.map((child) => {
      child.kill();
      return child.exitCode ?? child.signalCode ?? once(child, 'exit');
    }),
  );
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${seconds} s each`;
if (!values.json) console.log(`${machine}\n`);
try {
  const vendorUrl = `http://127.0.0.1:${await portOf('./lean-vendor.ts', '--at-once')}/v1`;
  const port = await service('llm', withLlm(vendorUrl));
  await lookUps(port);
  await uploads(port, vendorUrl);
  await stopServices();
  await localModel();
  const laterVendorUrl = `http://127.0.0.1:${await portOf('./lean-vendor.ts', '--at-once')}/v1`;
  await lookUpsInMysql(laterVendorUrl);
  if (values.json) console.log(JSON.stringify({ machine, rows }, null, 2));
} finally {
  for (const child of started) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
