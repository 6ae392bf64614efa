import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openResultCache } from '../../src/cache/result-cache.ts';
import { openMysqlReader } from '../../src/store/mysql/reader.ts';
import { withReadReplica } from '../../src/store/read-replica.ts';
import { mysqlDatabase } from '../contracts/mysql-place.ts';
import { claimantOf, claimOf, lookupOf, resultOf, sha256Of, version } from '../contracts/rows.ts';
import { get, post, startApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { describeWithMysql } from '../support/mysql.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

describeWithMysql('a read replica', (server) => {
  const places = { primary: mysqlDatabase(server), replica: mysqlDatabase(server) };
  const [primary, copy] = [places.primary.open(), places.replica.open()];
  let proxy: TcpProxy;

  beforeAll(async () => {
    proxy = await openTcpProxy(server);
    await Promise.all([primary.migrate(), copy.migrate()]);
  });
  beforeEach(() => Promise.all([places.primary.empty(), places.replica.empty()]));
  afterAll(async () => {
    await Promise.all([primary.close(), copy.close(), proxy.close()]);
    await Promise.all([places.primary.remove(), places.replica.remove()]);
  });

  const events: string[] = [];
  const log = (_: unknown, text?: string) => void events.push(text ?? String(_));
  function openLookups({ database = places.replica.database, statementTimeoutMs = 10_000 } = {}) {
    const own = { ...server, port: proxy.port, database, poolSize: 2 };
    const reader = openMysqlReader({ ...own, trust: 'own', statementTimeoutMs });
    const pauses = { baseMs: 20, capMs: 20 };
    return withReadReplica(reader, primary, { logger: { info: log, warn: log }, ...pauses });
  }
  function openCache(lookups: ReturnType<typeof openLookups>, corrector?: string) {
    return openResultCache({
      results: { ...primary, countHit: () => {} },
      lookups,
      version,
      provisionalMs: 0,
      isProvisional: () => false,
      isCategory: () => true,
      mayHaveCorrected: (claimant) => claimant === corrector,
      memoryEntries: 10,
      memoryMs: 1000,
      onWriteFailure: () => {},
    });
  }

  test('answers look-ups by hash; what it has not received is a miss there, and a hit for an upload', async () => {
    await primary.saveResults([resultOf('a', { category: 'foods' }), resultOf('new')]);
    await copy.saveResults([resultOf('a', { category: 'pets' })]);
    const lookups = openLookups();
    const cache = openCache(lookups);
    const [known, recent] = await cache.findAll([sha256Of('a'), sha256Of('new')], claimantOf('anna'));
    expect([known?.result.category, recent]).toEqual(['pets', undefined]);
    expect((await cache.find(sha256Of('new')))?.result.category).toBe('pets');
    expect(lookups.isReplicaUp()).toBe(true);
    await lookups.close();
  });

  test('is not asked for those who have corrected answers', async () => {
    const anna = claimantOf('anna');
    for (const store of [primary, copy]) {
      await store.saveResults([resultOf('a')]);
      await store.saveClaims([claimOf('anna', 'original', 'a')]);
    }
    await primary.saveFeedback({ claimant: anna, hash: sha256Of('original'), category: 'foods', at: 5 });
    const lookups = openLookups();
    const cache = openCache(lookups, anna);
    const [corrected] = await cache.findAll([sha256Of('original')], anna);
    expect(corrected?.result.category).toBe('foods');
    await lookups.close();
  });

  test('that is stopped is replaced by the primary, and asked again when it is back', async () => {
    await primary.saveResults([resultOf('a')]);
    await copy.saveResults([resultOf('a', { category: 'foods' })]);
    const lookups = openLookups();
    const categoryOf = async () => (await lookups.findResults([lookupOf('a')]))[0]?.category;
    expect(await categoryOf()).toBe('foods');
    await proxy.stop();
    expect(await Promise.all([categoryOf(), categoryOf(), categoryOf()])).toEqual(['pets', 'pets', 'pets']);
    expect(lookups.isReplicaUp()).toBe(false);
    await proxy.restart();
    await expect.poll(categoryOf, { timeout: 20_000 }).toBe('foods');
    expect(lookups.isReplicaUp()).toBe(true);
    expect(events).toEqual([
      expect.stringContaining('the primary answers'),
      expect.stringContaining('the read replica answers'),
    ]);
    await lookups.close();
  });

  test('that hangs delays an answer by its limit only', async () => {
    await primary.saveResults([resultOf('a')]);
    const lookups = openLookups({ statementTimeoutMs: 50 });
    proxy.freeze();
    expect((await lookups.findResults([lookupOf('a')]))[0]?.category).toBe('pets');
    expect(lookups.isReplicaUp()).toBe(false);
    proxy.thaw();
    await lookups.close();
  });

  test('without the tables is replaced by the primary', async () => {
    await primary.saveResults([resultOf('a')]);
    const lookups = openLookups({ database: 'information_schema' });
    expect((await lookups.findResults([lookupOf('a')]))[0]?.category).toBe('pets');
    await lookups.close();
  });

  test('that can’t be reached leaves the service working, and the metrics say who answers', async () => {
    const url = (port: number) =>
      `mysql://${server.user}:${encodeURIComponent(server.password)}@127.0.0.1:${port}`;
    const app = await startApp({
      DATABASE_URL: `${url(server.port)}/${places.primary.database}`,
      MYSQL_READ_URL: url(await freePort()),
    });
    await primary.saveResults([resultOf('a', { version: app.services.resultVersion })]);
    const replica = async () =>
      /^album_read_replica_up\S* (\d)/m.exec((await get(`${app.url}/metrics`)).body)?.[1];
    expect(await replica()).toBe('1');
    const check = async () => {
      const hashes = { image_hashes: [sha256Of('a')] };
      return JSON.stringify((await post(`${app.url}/api/v1/classify/batch-check-cache`, hashes)).body);
    };
    await expect.poll(check, { timeout: 20_000 }).toContain('"pets"');
    expect(await replica()).toBe('0');
    const database = async () => (await get(`${app.url}/api/v1/health`)).body.database;
    await expect.poll(database, { timeout: 20_000 }).toBe('connected');
    await app.close();
  });
});
