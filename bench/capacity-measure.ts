/**
 * Measures the costs in capacity-costs.ts: `npm run bench -- bench/capacity-measure.ts [--mysql] [--results 1000000]
 * [--seconds 4] [--mixed]`. CPU time of the processes is read from /proc (Linux), so other programs on the machine
 * matter little. `--mysql` starts a MariaDB server of its own. `--mixed` also runs a load that no cost was taken from,
 * and compares it with the model.
 */
import { fork } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createConnection } from 'mysql2/promise';
import sharp from 'sharp';
import { openMysqlStore } from '../src/store/mysql/store.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';
import { activityOf } from '../tests/contracts/rows.ts';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { mariadbPath, startMariadb } from '../tests/support/own-mariadb.ts';
import { costsOf } from './capacity-costs.ts';
import { needsOf } from './capacity-model.ts';
import { resultWith } from './many-rows.ts';
import { startService } from './start-service.ts';
import { photoAt } from './stats-records.ts';
import type { Measured } from './table-client.ts';

const { values } = parseArgs({
  options: {
    mysql: { type: 'boolean', default: false },
    results: { type: 'string', default: '1000000' },
    records: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '4' },
    mixed: { type: 'boolean', default: false },
  },
});
const results = Number(values.results);
const seconds = Number(values.seconds);
const hashOf = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

const folder = mkdtempSync(join(tmpdir(), 'album-capacity-'));
const file = join(folder, 'album.db');
const database = 'album_capacity';
const mariadb = values.mysql ? await startMariadb(mariadbPath() ?? '', []) : undefined;
const store = mariadb
  ? openMysqlStore({ ...mariadb.server, database, poolSize: 4, statementTimeoutMs: 60_000 })
  : openSqliteStore({ file, statementTimeoutMs: 60_000 });
const admin = mariadb && (await createConnection({ ...mariadb.server }));

/** Milliseconds of CPU of a process so far. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const variable = async (name: string): Promise<string> => {
  const [rows] = (await admin?.query(`SHOW VARIABLES LIKE '${name}'`)) ?? [];
  return (rows as { Value: string }[] | undefined)?.[0]?.Value ?? '';
};
const dataFolder = await variable('datadir');

async function statements(): Promise<number> {
  if (!admin) return 0;
  const [rows] = await admin.query("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number((rows as { Value: string }[])[0]?.Value);
}

async function sizeBytes(): Promise<number> {
  if (!admin) {
    using connection = new DatabaseSync(file, { readOnly: true });
    const sizes = connection.prepare(
      'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size',
    );
    return Number(sizes.get()?.bytes);
  }
  const tables = join(dataFolder, database);
  return readdirSync(tables).reduce((sum, name) => sum + statSync(join(tables, name)).size, 0);
}

await store.migrate();
const llm = await startFakeLlm();
const service = await startService({
  LLM_BASE_URL: llm.baseUrl,
  LLM_MAX_CONCURRENCY: '50',
  HIT_RECORDS: '10',
  ...(mariadb
    ? { DATABASE_URL: `mysql://root@127.0.0.1:${mariadb.server.port}/${database}` }
    : { SQLITE_FILE: file }),
});
const serverPid = service.process.pid ?? 0;
const dbPid = admin && Number(readFileSync(resolve(dataFolder, await variable('pid_file')), 'utf8'));
const client = fork(new URL('./table-client.ts', import.meta.url), { serialization: 'advanced' });
const { port } = new URL(service.url);

const request = (path: string, type: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`;
const lookup = (hash: string): [string] => [
  request('/api/v1/classify/check-cache', 'application/json', JSON.stringify({ image_hash: hash })),
];
const formHead =
  '--bench\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\ncontent-type: image/jpeg\r\n\r\n';

/** An upload with a comment of 16 digits that are other ones each time. */
function freshUpload(photo: Buffer): [string, string] {
  const comment = Buffer.from([0xff, 0xfe, 0, 18]).toString('latin1');
  const text = photo.toString('latin1');
  const body = `${formHead}${text.slice(0, 2)}${comment}${'#'.repeat(16)}${text.slice(2)}\r\n--bench--\r\n`;
  const whole = request('/api/v1/classify', 'multipart/form-data; boundary=bench', body);
  const [head = '', tail = ''] = whole.split('#'.repeat(16));
  return [head, tail];
}

const photoOf = (widthPx: number, quality: number) =>
  sharp('docs/samples/pagoda.jpg').resize(widthPx).jpeg({ quality }).toBuffer();

interface Cost {
  readonly name: string;
  readonly perSecond: number;
  readonly serverMs: number;
  readonly decoderMs: number;
  readonly databaseMs: number;
  readonly statements: number;
}

async function measure(
  name: string,
  requests: readonly (readonly [string, string?])[],
  expect: string,
  { connections = 8, isWarmedUp = true } = {},
): Promise<Cost> {
  const taken = async () => ({
    server: cpuMs(serverPid),
    decoders: service.children().reduce((sum, pid) => sum + cpuMs(pid), 0),
    database: dbPid ? cpuMs(dbPid) : 0,
    statements: await statements(),
  });
  const run = async (lastsS: number): Promise<Measured> => {
    client.send({ port: Number(port), requests, connections, seconds: lastsS, expect });
    const [measured] = (await once(client, 'message')) as [Measured];
    // Records are written about once a second.
    await sleep(1500);
    return measured;
  };
  if (isWarmedUp) await run(1);
  const before = await taken();
  const startedMs = performance.now();
  const { perSecond, failed, firstFailure } = await run(seconds);
  const count = (perSecond * (performance.now() - startedMs - 1500)) / 1000;
  const after = await taken();
  if (failed > 0) console.error(`${name}: ${failed} wrong answers, the first: ${firstFailure}`);
  const cost = {
    name,
    perSecond,
    serverMs: (after.server - before.server) / count,
    decoderMs: (after.decoders - before.decoders) / count,
    databaseMs: (after.database - before.database) / count,
    statements: (after.statements - before.statements) / count,
  };
  const shown = [cost.serverMs, cost.decoderMs, cost.databaseMs, cost.statements].map((one) =>
    one.toFixed(3),
  );
  console.log(
    `${name.padEnd(44)} ${perSecond.toFixed(0).padStart(6)}/s  server ${shown[0]} ms, decoders ${shown[1]} ms, database ${shown[2]} ms, ${shown[3]} statements`,
  );
  return cost;
}

const small = await photoOf(1280, 75);
const large = await photoOf(4000, 85);
const megapixels = async (photo: Buffer) => {
  const { width, height } = await sharp(photo).metadata();
  return (width * height) / 1e6;
};

try {
  await measureAll();
} finally {
  client.kill();
  await service.stop();
  await llm.close();
  await store.close();
  await admin?.end();
  await mariadb?.stop();
  rmSync(folder, { recursive: true });
}

async function measureAll(): Promise<void> {
  // The first result tells the version that look-ups ask for.
  await measure('warm up', [freshUpload(small)], '"success":true', { connections: 2 });
  const [{ version } = { version: '' }] = (await store.maintenance.cacheCounts()).versions;

  const emptyBytes = await sizeBytes();
  const fillStartedMs = performance.now();
  const content = (index: number) => hashOf(`content ${index}`);
  for (let at = 0; at < results; at += 2000)
    await store.saveResults(
      Array.from({ length: Math.min(2000, results - at) }, (_, index) => ({
        ...resultWith(content(at + index)),
        version,
      })),
    );
  const filledBytes = await sizeBytes();
  console.log(
    `${results} results: ${((filledBytes - emptyBytes) / results).toFixed(0)} bytes each, written in ${((performance.now() - fillStartedMs) / 1000).toFixed(0)} s`,
  );

  const records = Number(values.records);
  for (let at = 0; at < records; at += 5000) {
    const photos = Array.from({ length: 5000 }, (_, index) =>
      photoAt(Date.now() - (index % 3000), at + index),
    );
    await store.saveActivity(activityOf({ photos }));
  }
  console.log(`${records} records: ${(((await sizeBytes()) - filledBytes) / records).toFixed(0)} bytes each`);

  const random = () => content(randomInt(Math.max(1, results)));
  const distinct = Array.from({ length: 60_000 }, () => lookup(random()));
  const few = Array.from({ length: 200 }, () => lookup(random()));
  const unknown = Array.from({ length: 60_000 }, (_, index) => lookup(hashOf(`unknown ${index}`)));
  if (results > 0) {
    await measure('look-up, found in memory', few, '"cached":true');
    // A second round would find them in memory.
    await measure('look-up, found in the database', distinct, '"cached":true', { isWarmedUp: false });
  }
  await measure('look-up, not found', unknown, '"cached":false');
  for (const photo of [small, large])
    await measure(
      `new photo, ${(photo.length / 1e6).toFixed(2)} MB, ${(await megapixels(photo)).toFixed(2)} MP`,
      [freshUpload(photo)],
      '"success":true',
    );

  if (values.mixed) {
    const photo = await photoOf(2000, 80);
    const middle = freshUpload(photo);
    const hits = 0.7;
    // Seven look-ups that hit, then three that miss with their uploads.
    const requests = Array.from({ length: 3000 }, (_, index) => {
      if (index % 13 < 7) return lookup(random());
      return index % 13 < 10 ? lookup(hashOf(`stranger ${index} ${Math.random()}`)) : middle;
    });
    const measured = await measure('mixed: 0.7 hits, photos of another size', requests, 'success');
    const rate = (measured.perSecond * 10) / 13;
    const needs = needsOf(
      {
        ...{
          rate,
          hits,
          photos: results,
          megapixels: await megapixels(photo),
          megabytes: photo.length / 1e6,
        },
        ...{ cores: 2, callSeconds: 0.05, vendorRate: 1e6, pricePerThousand: 0 },
        ...{ retentionDays: 90, hitRecords: 10 },
      },
      costsOf(values.mysql ? 'mysql' : 'sqlite'),
    );
    for (const [name, predicted, was] of [
      ['server cores', needs.serverCores, (measured.serverMs * measured.perSecond) / 1000],
      ['decoder cores', needs.decoderCores, (measured.decoderMs * measured.perSecond) / 1000],
      ['database cores', needs.databaseCores, (measured.databaseMs * measured.perSecond) / 1000],
      ['statements/s', needs.statementsPerSecond, measured.statements * measured.perSecond],
    ] as const)
      console.log(`${name.padEnd(16)} predicted ${predicted.toFixed(3)}, measured ${was.toFixed(3)}`);
  }
}
