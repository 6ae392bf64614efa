import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTcpProxy, type TcpProxy } from '../store/tcp-proxy.ts';
import { formOf, get, post, type Sample, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';

const hashOf = (name: Sample) => createHash('sha256').update(sampleBytes(name)).digest('hex');

describeWithMysql('the service on MySQL', (server) => {
  let proxy: TcpProxy;
  let llm: FakeLlm;
  let database: string;
  const apps: Awaited<ReturnType<typeof startApp>>[] = [];

  beforeEach(async () => {
    [proxy, llm] = await Promise.all([openTcpProxy(server), startFakeLlm()]);
    database = randomDatabase();
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await Promise.all([proxy.close(), llm.close()]);
    await dropDatabase(server, database);
  });

  async function start(environment: Record<string, string> = {}) {
    const app = await startApp({
      MYSQL_HOST: '127.0.0.1',
      MYSQL_PORT: String(proxy.port),
      MYSQL_USER: server.user,
      MYSQL_PASSWORD: server.password,
      MYSQL_DATABASE: database,
      LLM_BASE_URL: llm.baseUrl,
      ...environment,
    });
    apps.push(app);
    return {
      app,
      classify: (name: Sample) =>
        post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes(name) }])),
      check: (image_hash: string) => post(`${app.url}/api/v1/classify/check-cache`, { image_hash }),
      health: async () => (await get(`${app.url}/api/v1/health`)).body,
    };
  }

  test('the database is created, one call is paid, a second and fresh service finds its answer', async () => {
    const first = await start();
    expect((await first.classify('cat.jpg')).body.data.inference_method).toBe('llm');
    const second = await start();
    expect((await second.classify('cat.jpg')).body.data).toMatchObject({
      inference_method: 'cache',
      category: 'pets',
    });
    expect((await second.check(hashOf('cat.jpg'))).body.cached).toBe(true);
    expect(llm.calls).toHaveLength(1);
    await Promise.all([first, second].map(({ app }) => app.services.stats.flush()));
    const rows = await mysqlRows(server, 'SELECT outcome FROM photo_records ORDER BY at_ms', database);
    expect(rows.map(({ outcome }) => outcome)).toEqual(['llm', 'store']);
  });

  longTest('with the vendor gone, answers are local and marked', async () => {
    const { classify } = await start();
    await llm.close();
    const { status, body } = await classify('coffee.jpg');
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ category: 'foods', inference_method: 'local', degraded: true });
  });

  test('with the server hung, photos are answered, look-ups are 503, and it works again afterwards', async () => {
    const { app, classify, check, health } = await start();
    expect(await health()).toMatchObject({ status: 'healthy', database: 'connected' });
    proxy.freeze();
    expect((await classify('cat.jpg')).body.data.category).toBe('pets');
    expect(await health()).toMatchObject({
      status: 'healthy',
      database: 'disconnected',
      model_api: 'available',
    });
    expect((await get(`${app.url}/health/ready`)).status).toBe(200);
    const lookup = await check('a'.repeat(64));
    expect([lookup.status, lookup.body.code]).toEqual([503, 'store_unavailable']);
    expect(Number(lookup.headers.get('retry-after'))).toBeGreaterThan(0);
    const correction = { image_hash: hashOf('cat.jpg'), category: 'foods' };
    const corrected = await post(`${app.url}/api/v1/feedback`, correction);
    expect([corrected.status, corrected.body.code]).toEqual([503, 'store_unavailable']);
    expect(Number(corrected.headers.get('retry-after'))).toBeGreaterThan(0);
    await expect.poll(async () => (await health()).journal, { timeout: 15_000 }).toBeGreaterThan(1);
    proxy.thaw();
    await expect.poll(async () => (await health()).database, { timeout: 15_000 }).toBe('connected');
    await expect.poll(async () => (await health()).journal, { timeout: 15_000 }).toBeUndefined();
    await classify('coffee.jpg');
    const [stored] = await mysqlRows(server, 'SELECT COUNT(*) AS n FROM results', database);
    expect(Number(stored?.n)).toBeGreaterThan(0);
    expect((await check(hashOf('coffee.jpg'))).body.cached).toBe(true);
  });

  test('with the server absent at start, the service starts, migrates when it comes, and then writes what waited', async () => {
    await proxy.stop();
    const { classify, health } = await start();
    expect((await health()).database).toBe('disconnected');
    expect((await classify('cat.jpg')).status).toBe(200);
    await proxy.restart();
    await expect.poll(async () => (await health()).database, { timeout: 15_000 }).toBe('connected');
    await classify('coffee.jpg');
    const stored = async () =>
      Number((await mysqlRows(server, 'SELECT COUNT(*) AS n FROM results', database))[0]?.n);
    await expect.poll(stored, { timeout: 15_000 }).toBe(2);
  });
});
