import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, onTestFinished } from 'vitest';
import { openTcpProxy } from '../store/tcp-proxy.ts';
import { get, startApp } from '../support/app.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';
import { allOnce, openOutageTraffic, outageCounts, type Rows } from '../support/outage-traffic.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const disk = mountSmallDisk(4_000_000);
afterAll(() => disk?.unmount());

/** The local model alone answers; each look-up reads the database or the journal. */
const settings = { STRATEGY: 'local-only', NEAR_DUPLICATES: 'off', MEMORY_CACHE_ENTRIES: '1' };

async function start(environment: Record<string, string>) {
  const app = await startApp({ ...settings, ...environment });
  onTestFinished(() => app.close());
  const traffic = openOutageTraffic(() => app.url);
  const health = async () => (await get(`${app.url}/api/v1/health`)).body;
  const healthSays = (said: object) =>
    expect.poll(health, { timeout: 20_000, interval: 20 }).toMatchObject(said);
  const newest = () => traffic.answered.slice(-5).map(({ original }) => original);
  const findsNewest = () => expect.poll(() => traffic.cached(newest()), { timeout: 10_000 }).toBe(5);

  async function expectAllOnce(rows: Rows, table?: string): Promise<void> {
    await healthSays({ status: 'healthy', database: 'connected' });
    await expect.poll(async () => (await health()).journal, { timeout: 20_000 }).toBeUndefined();
    await app.services.stats.flush();
    expect(traffic.others).toEqual([]);
    const count = traffic.answered.length;
    expect(await outageCounts(rows, traffic.answered, table)).toMatchObject(allOnce(count));
  }

  return { traffic, healthSays, findsNewest, expectAllOnce };
}

describe.skipIf(disk === undefined)('a full disk', () => {
  const folder = disk?.folder ?? '';

  longTest('under SQLite costs no answer, and what waited is written once when there is room', async () => {
    const file = join(folder, 'album.db');
    const { traffic, healthSays, findsNewest, expectAllOnce } = await start({ SQLITE_FILE: file });
    await traffic.send(5, 10);
    disk?.fill();
    await traffic.send(10, 20);
    await healthSays({ status: 'healthy', database: 'disconnected', model_api: 'available' });
    await traffic.send(5, 10);
    await findsNewest();
    disk?.free();
    await healthSays({ database: 'connected' });
    await traffic.send(5, 10);
    await expectAllOnce(async (sql) => {
      const database = new DatabaseSync(file, { readOnly: true });
      const found = database.prepare(sql).all();
      database.close();
      return found;
    }, 'photos');
  });

  describeWithMysql('of the journal', (server) => {
    longTest('leaves what waits in memory, and all is written once', async () => {
      const database = randomDatabase();
      const proxy = await openTcpProxy(server);
      onTestFinished(async () => {
        await proxy.close();
        await dropDatabase(server, database);
      });
      const journals = join(folder, 'journals');
      const { traffic, healthSays, findsNewest, expectAllOnce } = await start({
        MYSQL_HOST: '127.0.0.1',
        MYSQL_PORT: String(proxy.port),
        MYSQL_USER: server.user,
        MYSQL_PASSWORD: server.password,
        MYSQL_DATABASE: database,
        JOURNAL_DIR: journals,
      });
      await proxy.stop();
      // Some wait in the file, some in memory, and again some in the file.
      await traffic.send(5, 10);
      disk?.fill();
      await traffic.send(5, 10);
      await findsNewest();
      disk?.free();
      await traffic.send(5, 10);
      await healthSays({ status: 'healthy', database: 'disconnected', model_api: 'available' });
      disk?.fill();
      await proxy.restart();
      await expectAllOnce((sql) => mysqlRows(server, sql, database));
      await expect.poll(() => readdirSync(journals)).toEqual([]);
      disk?.free();
    });
  });
});
