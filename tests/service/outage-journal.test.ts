import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openTcpProxy, type TcpProxy } from '../store/tcp-proxy.ts';
import { get, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { mysqlRows, randomDatabase } from '../support/mysql.ts';
import {
  allOnce,
  numberedPhoto,
  type OutageTraffic,
  openOutageTraffic,
  outageCounts,
} from '../support/outage-traffic.ts';
import { mariadbPath, type OwnMariadb, startMariadb } from '../support/own-mariadb.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const path = mariadbPath();
const token = 'token-of-the-outage';
const key = 'key-of-the-outage';

describe.skipIf(path === undefined)('an outage of the database', () => {
  let maria: OwnMariadb;
  let proxy: TcpProxy;
  let llm: FakeLlm;
  let database: string;
  let folder: string;

  beforeAll(async () => {
    maria = await startMariadb(path ?? '', []);
  }, 60_000);
  afterAll(() => maria?.stop());

  beforeEach(async () => {
    [proxy, llm] = await Promise.all([openTcpProxy(maria.server), startFakeLlm()]);
    database = randomDatabase();
    folder = mkdtempSync(join(tmpdir(), 'album-journals-'));
    onTestFinished(async () => {
      await Promise.all([proxy.close(), llm.close()]);
      rmSync(folder, { recursive: true });
    });
  });

  const rows = (sql: string) => mysqlRows(maria.server, sql, database);

  function start(): Promise<ServiceProcess> {
    return startServiceProcess({
      DATABASE_URL: `mysql://root@127.0.0.1:${proxy.port}/${database}`,
      JOURNAL_DIR: folder,
      LLM_BASE_URL: llm.baseUrl,
      LLM_API_KEY: key,
      HIT_RECORDS: 'all',
      // Hits come from the journal and the database, and each photo is asked for.
      MEMORY_CACHE_ENTRIES: '1',
      NEAR_DUPLICATES: 'off',
      OPS_TOKEN: token,
    });
  }

  const journals = () => readdirSync(folder).filter((name) => name.endsWith('.db')).length;

  async function waitingRecords({ url }: ServiceProcess): Promise<number> {
    const metrics = await get(`${url}/metrics`, { authorization: `Bearer ${token}` });
    return Number(/^album_journal_entries{kind="activity"} (\d+)$/m.exec(String(metrics.body))?.[1]);
  }

  /** No photo, no key. */
  function expectNoSecrets(): void {
    const { bytes } = numberedPhoto(25);
    const pieces = [
      bytes.subarray(200, 240),
      Buffer.from(bytes.subarray(201, 240).toString('base64').slice(0, 40)),
      key,
      token,
    ];
    for (const name of readdirSync(folder)) {
      const content = readFileSync(join(folder, name));
      for (const piece of pieces) expect(content.includes(piece)).toBe(false);
    }
  }

  /** All that was answered is in the database, and nothing twice. */
  async function expectAllOnce({ answered }: OutageTraffic) {
    const count = answered.length;
    await expect.poll(journals, { timeout: 30_000 }).toBe(0);
    await expect.poll(() => outageCounts(rows, answered), { timeout: 20_000 }).toMatchObject(allOnce(count));
    expect(llm.calls).toHaveLength(count);
  }

  longTest(
    'loses nothing that was answered, and what was answered in it is found in it',
    async () => {
      const service = await start();
      const traffic = openOutageTraffic(() => service.url);
      await traffic.send(20, 50);
      await proxy.stop();
      await traffic.send(120, 50);
      const originals = traffic.answered.slice(-20).map(({ original }) => original);
      expect(await traffic.cached(originals)).toBe(20);
      expect(journals()).toBe(1);
      expectNoSecrets();
      await proxy.restart();
      await traffic.send(40, 50);
      expect(traffic.others).toEqual([]);
      await expectAllOnce(traffic);
    },
    120_000,
  );

  longTest(
    'in which the process is killed is written by the next one',
    async () => {
      let service = await start();
      const traffic = openOutageTraffic(() => service.url);
      await traffic.send(5, 50);
      await expect
        .poll(async () => (await rows('SELECT 1 FROM photo_records')).length, { timeout: 10_000 })
        .toBe(5);
      await proxy.stop();
      await traffic.send(40, 50);
      const before = [...traffic.answered];
      // Records are written a second after their answer: a process that is killed earlier loses them. Each photo has two.
      await expect.poll(() => waitingRecords(service), { timeout: 10_000 }).toBe(80);
      service.child.kill('SIGKILL');
      await service.exited;
      service = await start();
      expect(await traffic.repeat(before.slice(-20))).toBe(20);
      await traffic.send(20, 50);
      await proxy.restart();
      await traffic.send(10, 50);
      expect(traffic.others).toEqual([]);
      await expectAllOnce(traffic);
    },
    120_000,
  );

  longTest(
    'may be a backup that locks all tables',
    async () => {
      const service = await start();
      const traffic = openOutageTraffic(() => service.url);
      await traffic.send(20, 50);
      const backup = await createConnection({ ...maria.server });
      await backup.query('FLUSH TABLES WITH READ LOCK');
      await traffic.send(80, 50);
      await backup.query('UNLOCK TABLES');
      await backup.end();
      await traffic.send(20, 50);
      expect(traffic.others).toEqual([]);
      await expectAllOnce(traffic);
    },
    120_000,
  );
});

test('a SQLite file that stays locked gets what was written meanwhile from memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'album-locked-'));
  const file = join(folder, 'album.db');
  const app = await startApp({ SQLITE_FILE: file });
  onTestFinished(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  const traffic = openOutageTraffic(() => app.url);
  const other = new DatabaseSync(file);
  other.exec('BEGIN EXCLUSIVE');
  const waiting = async () => (await get(`${app.url}/api/v1/health`)).body.journal ?? 0;
  await traffic.send(1, 0);
  await expect.poll(waiting, { timeout: 20_000 }).toBeGreaterThan(1);
  other.exec('COMMIT');
  other.close();
  await expect.poll(waiting, { timeout: 20_000 }).toBe(0);
  const rows = async (sql: string) => {
    const database = new DatabaseSync(file, { readOnly: true });
    const found = database.prepare(sql).all();
    database.close();
    return found;
  };
  expect(await outageCounts(rows, traffic.answered, 'photos')).toMatchObject({
    answered: 1,
    results: 1,
    claims: 1,
    records: 1,
  });
  expect(readdirSync(folder).filter((name) => name.startsWith('journal'))).toEqual([]);
}, 60_000);
