import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { get, post, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { mysqlRows, randomDatabase } from '../support/mysql.ts';
import { allOnce, type OutageTraffic, openOutageTraffic, outageCounts } from '../support/outage-traffic.ts';
import { mariadbPath, type OwnMariadb, startMariadb } from '../support/own-mariadb.ts';

const path = mariadbPath();

describe.skipIf(path === undefined)('a database that becomes read-only, as after a failover', () => {
  const database = randomDatabase();
  let maria: OwnMariadb;
  let llm: FakeLlm;
  let folder: string;
  let app: Awaited<ReturnType<typeof startApp>>;
  let traffic: OutageTraffic;

  beforeAll(async () => {
    [maria, llm] = await Promise.all([startMariadb(path ?? '', []), startFakeLlm()]);
    await mysqlRows(maria.server, `CREATE DATABASE ${database}`);
    // Without the right to write where the server is read-only, which root has.
    await mysqlRows(maria.server, "CREATE USER album@'%'");
    await mysqlRows(maria.server, `GRANT ALL ON ${database}.* TO album@'%'`);
    folder = mkdtempSync(join(tmpdir(), 'album-journals-'));
    app = await startApp({
      DATABASE_URL: `mysql://album@127.0.0.1:${maria.server.port}/${database}`,
      JOURNAL_DIR: folder,
      LLM_BASE_URL: llm.baseUrl,
      // Each look-up reads the database or the journal.
      MEMORY_CACHE_ENTRIES: '1',
      NEAR_DUPLICATES: 'off',
    });
    traffic = openOutageTraffic(() => app.url);
  }, 60_000);
  afterAll(async () => {
    await app?.close();
    await Promise.all([maria?.stop(), llm?.close()]);
    rmSync(folder, { recursive: true });
  });

  const rows = (sql: string) => mysqlRows(maria.server, sql, database);
  const health = async () => (await get(`${app.url}/api/v1/health`)).body;
  const healthSays = (said: object) =>
    expect.poll(health, { timeout: 20_000, interval: 20 }).toMatchObject(said);

  test('is noticed; photos are answered, and all is written once when it takes writes again', async () => {
    await traffic.send(10, 10);
    const sent = traffic.send(20, 30);
    await mysqlRows(maria.server, 'SET GLOBAL read_only = 1');
    await sent;
    await healthSays({ status: 'healthy', database: 'disconnected', model_api: 'available' });
    const before = await rows('SELECT sha256 FROM results');
    await traffic.send(10, 10);
    expect(await rows('SELECT sha256 FROM results')).toHaveLength(before.length);
    const newest = traffic.answered.slice(-10).map(({ original }) => original);
    await expect.poll(() => traffic.cached(newest), { timeout: 10_000 }).toBe(10);
    const correction = { image_hash: traffic.answered[0]?.sha256, category: 'foods' };
    expect((await post(`${app.url}/api/v1/feedback`, correction)).status).toBe(503);

    await mysqlRows(maria.server, 'SET GLOBAL read_only = 0');
    await healthSays({ database: 'connected' });
    await expect.poll(async () => (await health()).journal, { timeout: 20_000 }).toBeUndefined();
    await app.services.stats.flush();
    const count = 40;
    expect(traffic.others).toEqual([]);
    expect(await outageCounts(rows, traffic.answered)).toMatchObject(allOnce(count));
    expect(llm.calls).toHaveLength(count);
  }, 60_000);
});
