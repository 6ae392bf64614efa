import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openTcpProxy, type TcpProxy } from '../store/tcp-proxy.ts';
import { get, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { describeWithMysql, dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';
import { allOnce, type OutageTraffic, openOutageTraffic, outageCounts } from '../support/outage-traffic.ts';

describeWithMysql('a connection to the database', (server) => {
  const database = randomDatabase();
  let proxy: TcpProxy;
  let llm: FakeLlm;
  let folder: string;
  let app: Awaited<ReturnType<typeof startApp>>;
  let traffic: OutageTraffic;

  beforeAll(async () => {
    [proxy, llm] = await Promise.all([openTcpProxy(server), startFakeLlm()]);
    folder = mkdtempSync(join(tmpdir(), 'album-journals-'));
    app = await startApp({
      MYSQL_HOST: '127.0.0.1',
      MYSQL_PORT: String(proxy.port),
      MYSQL_USER: server.user,
      MYSQL_PASSWORD: server.password,
      MYSQL_DATABASE: database,
      JOURNAL_DIR: folder,
      LLM_BASE_URL: llm.baseUrl,
      // Each look-up reads the database or the journal.
      MEMORY_CACHE_ENTRIES: '1',
      NEAR_DUPLICATES: 'off',
    });
    traffic = openOutageTraffic(() => app.url);
    await traffic.send(5, 10);
  });
  afterAll(async () => {
    await app.close();
    await Promise.all([proxy.close(), llm.close()]);
    await dropDatabase(server, database);
    rmSync(folder, { recursive: true });
  });

  afterEach(() => {
    proxy.drip(0);
    proxy.cutOneIn(0);
  });

  const health = async () => (await get(`${app.url}/api/v1/health`)).body;
  const healthSays = async (said: object) =>
    expect.poll(health, { timeout: 20_000, interval: 20 }).toMatchObject(said);

  /** Every photo was answered, one call was paid for it, and the database has it once. */
  async function expectAllOnce(): Promise<void> {
    await healthSays({ status: 'healthy', database: 'connected' });
    await expect.poll(async () => (await health()).journal, { timeout: 20_000 }).toBeUndefined();
    await app.services.stats.flush();
    const count = traffic.answered.length;
    expect(traffic.others).toEqual([]);
    const rows = (sql: string) => mysqlRows(server, sql, database);
    await expect
      .poll(() => outageCounts(rows, traffic.answered), { timeout: 20_000 })
      .toMatchObject(allOnce(count));
    expect(llm.calls).toHaveLength(count);
    expect(await traffic.cached(traffic.answered.map(({ original }) => original))).toBe(count);
  }

  const newest = () => traffic.answered.slice(-5).map(({ original }) => original);

  test('that brings answers byte by byte counts as an outage, and ends with it', async () => {
    proxy.drip(50);
    await traffic.send(10, 100);
    await healthSays({ status: 'healthy', database: 'disconnected', model_api: 'available' });
    // A write that was sent before the outage was noticed waits in the journal once it has timed out.
    await expect.poll(() => traffic.cached(newest()), { timeout: 10_000 }).toBe(5);
    proxy.drip(0);
    await expectAllOnce();
  });

  test('that is half closed, within a statement or between two, is replaced', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sent = traffic.send(5, 10);
      proxy.halfClose();
      await sent;
    }
    await expectAllOnce();
  });

  test('that is cut in the middle of an answer has written what it has written once', async () => {
    for (const pieces of [3, 7, 17]) {
      proxy.cutOneIn(pieces);
      await traffic.send(10, 50);
    }
    proxy.cutOneIn(0);
    await expectAllOnce();
  });
});
