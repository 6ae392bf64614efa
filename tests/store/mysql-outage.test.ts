import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMysqlStore } from '../../src/store/mysql/store.ts';
import type { Store } from '../../src/store/store.ts';
import { withStoreBreaker } from '../../src/store/store-breaker.ts';
import { lookupOf, resultOf } from '../contracts/rows.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, randomDatabase } from '../support/mysql.ts';
import { recordingLogger } from './recording-logger.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

describeWithMysql('a MySQL server in trouble', (server) => {
  const outage = { code: 'store_unavailable', status: 503 };
  let database: string;
  let proxy: TcpProxy;
  let store: Store;

  beforeEach(async () => {
    database = randomDatabase();
    proxy = await openTcpProxy(server);
    store = openMysqlStore({
      ...server,
      host: '127.0.0.1',
      port: proxy.port,
      database,
      poolSize: 3,
      statementTimeoutMs: 1000,
      migrationTimeoutMs: 20_000,
    });
    await store.migrate();
  });

  afterEach(async () => {
    await store.close();
    await proxy.close();
    await dropDatabase(server, database);
  });

  const lookups = [lookupOf('a', 'anna')];
  const burst = () => Promise.allSettled(Array.from({ length: 20 }, () => store.findResults(lookups)));
  const statusesOf = (settled: readonly PromiseSettledResult<unknown>[]) => [
    ...new Set(settled.map(({ status }) => status)),
  ];

  longTest('that hangs costs no call more than its limit, and is used again when it goes on', async () => {
    await store.saveResults([resultOf('a')]);
    await burst();
    proxy.freeze();
    for (const result of await burst()) expect(result).toMatchObject({ status: 'rejected', reason: outage });
    await expect(store.ping()).rejects.toMatchObject(outage);
    await expect(store.migrate()).rejects.toMatchObject(outage);
    await expect(store.maintenance.cacheCounts()).rejects.toMatchObject(outage);
    proxy.thaw();
    const found = () => store.findResults(lookups).catch(() => []);
    await expect.poll(found).toMatchObject([{ category: 'pets' }]);
  });

  test('that refuses fails at once, more often than the pool has places, and is used again', async () => {
    await burst();
    await proxy.stop();
    for (let round = 0; round < 3; round += 1) expect(statusesOf(await burst())).toEqual(['rejected']);
    await proxy.restart();
    expect(statusesOf(await burst())).toEqual(['fulfilled']);
  });

  test('whose old connections lead nowhere is reached by new ones after a single failure', async () => {
    await burst();
    proxy.forgetOpenConnections();
    await expect(store.findResults(lookups)).rejects.toMatchObject(outage);
    expect(statusesOf(await burst())).toEqual(['fulfilled']);
  });

  test('that hangs does not hold up closing', async () => {
    await burst();
    proxy.freeze();
    await store.close();
    await expect(store.findResults(lookups)).rejects.toMatchObject(outage);
  });

  test('is not named to callers, and neither is its user', async () => {
    await proxy.stop();
    await expect(store.ping()).rejects.toMatchObject({
      message: 'The store cannot be used at the moment; try again later.',
      cause: expect.objectContaining({ message: expect.stringMatching(/^ECONN/) }),
    });
  });

  test('that is absent at start is migrated when it comes, behind the breaker', async () => {
    await dropDatabase(server, database);
    await proxy.stop();
    const { logger, lines } = recordingLogger();
    const changes: boolean[] = [];
    const { promise: isBack, resolve } = Promise.withResolvers<void>();
    const guarded = withStoreBreaker(store, {
      logger,
      firstPauseMs: 20,
      longestPauseMs: 40,
      timeoutMs: 5000,
      onStateChange: (up) => {
        changes.push(up);
        if (up) resolve();
      },
    });
    expect(await guarded.start()).toBe(false);
    await expect(guarded.saveResults([resultOf('a')])).rejects.toMatchObject(outage);
    await proxy.restart();
    await isBack;
    await guarded.saveResults([resultOf('a')]);
    expect(await guarded.findResults(lookups)).toMatchObject([{ category: 'pets' }]);
    expect(changes).toEqual([false, true]);
    expect(lines).toEqual(['warn store is down', 'info store is migrated', 'info store is up']);
    await guarded.close();
  });

  test('whose database is dropped is migrated anew, behind the breaker', async () => {
    const { logger } = recordingLogger();
    const { promise: isBack, resolve } = Promise.withResolvers<void>();
    let starts = 0;
    const guarded = withStoreBreaker(store, {
      logger,
      firstPauseMs: 10,
      timeoutMs: 5000,
      onStateChange: (up) => {
        if (up && ++starts === 2) resolve();
      },
    });
    expect(await guarded.start()).toBe(true);
    await dropDatabase(server, database);
    await expect(guarded.saveResults([resultOf('a')])).rejects.toMatchObject(outage);
    await isBack;
    await guarded.saveResults([resultOf('a')]);
    await guarded.close();
  });
});
