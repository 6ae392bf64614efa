import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { outage, StatementError } from '../../src/store/outage.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Store } from '../../src/store/store.ts';
import { type BreakerStore, withStoreBreaker } from '../../src/store/store-breaker.ts';
import { lookupOf, resultOf } from '../contracts/rows.ts';
import { recordingLogger } from './recording-logger.ts';

/** Another function in the place of each method, down to the last group of methods. */
function mapNames<T extends object>(target: T, methodOf: (name: string) => unknown): T {
  const mapped = Object.entries(target).map(([name, value]) => {
    if (typeof value === 'function') return [name, methodOf(name)];
    return [name, typeof value === 'object' ? mapNames(value, methodOf) : value];
  });
  return Object.fromEntries(mapped) as T;
}

/** A store whose behaviour a test sets. It has all methods of a driver. */
function puppetStore() {
  const puppet = {
    behave: async (_operation: string): Promise<void> => {},
    calls: [] as string[],
    pending: [] as string[],
  };
  const act = async (operation: string) => {
    puppet.calls.push(operation);
    await puppet.behave(operation);
  };
  const scripted = mapNames(openSqliteStore({ file: '' }), (name) => async () => {
    await act(name);
    return name === 'findResults' ? [undefined] : undefined;
  });
  const store: Store = {
    ...scripted,
    kind: 'mysql',
    async migrate(onPending) {
      if (puppet.pending.length > 0) onPending?.(puppet.pending);
      await act('migrate');
      return puppet.pending;
    },
    close: async () => void puppet.calls.push('close'),
  };
  return { store, puppet };
}

const outageOf = { code: 'store_unavailable' };
const never = () => new Promise<void>(() => {});
const lookups = [lookupOf('a')];

let puppet: ReturnType<typeof puppetStore>['puppet'];
let guarded: BreakerStore;
let recorded: ReturnType<typeof recordingLogger>;
let changes: boolean[];

beforeEach(() => {
  vi.useFakeTimers();
  const made = puppetStore();
  puppet = made.puppet;
  recorded = recordingLogger();
  changes = [];
  guarded = withStoreBreaker(made.store, {
    logger: recorded.logger,
    random: () => 1,
    onStateChange: (up) => changes.push(up),
  });
});

afterEach(async () => {
  await guarded.close();
  vi.useRealTimers();
});

async function goDown(): Promise<void> {
  await guarded.start();
  puppet.behave = async () => {
    throw outage('ECONNREFUSED');
  };
  await expect(guarded.findResults(lookups)).rejects.toMatchObject(outageOf);
}

test('a store counts as down until it is started', async () => {
  expect(guarded.isUp()).toBe(false);
  await expect(guarded.findResults(lookups)).rejects.toMatchObject(outageOf);
  expect(await guarded.start()).toBe(true);
  expect(puppet.calls).toEqual(['migrate', 'ping']);
  expect(await guarded.findResults(lookups)).toEqual([undefined]);
});

test('a store is down while its rows are migrated, and logs why', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  puppet.pending = ['050-a'];
  puppet.behave = () => promise;
  const started = guarded.start();
  await vi.advanceTimersByTimeAsync(5000);
  expect(await started).toBe(false);
  await expect(guarded.findResults(lookups)).rejects.toMatchObject(outageOf);
  expect(recorded.lines).toEqual([expect.stringContaining('is being migrated'), 'warn store is down']);
  expect(recorded.fields.at(-1)).toMatchObject({ reason: 'it is being migrated' });
  puppet.behave = async () => {};
  resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(guarded.isUp()).toBe(true);
  expect(puppet.calls).toEqual(['migrate', 'ping']);
});

test('a property that is no method stays as it is', () => {
  expect(guarded.kind).toBe('mysql');
  expect(guarded.maintenance.stepMs).toEqual(expect.any(Number));
});

test('an operation that takes longer than a second fails, and the store is down', async () => {
  await guarded.start();
  puppet.behave = never;
  const found = guarded.findResults(lookups);
  found.catch(() => {});
  await vi.advanceTimersByTimeAsync(999);
  expect(guarded.isUp()).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  await expect(found).rejects.toMatchObject(outageOf);
  expect(guarded.isUp()).toBe(false);
});

test('while it is down nothing is sent to it but probes', async () => {
  await goDown();
  puppet.calls.length = 0;
  const refused = await Promise.allSettled([
    guarded.findResults(lookups),
    guarded.saveResults([resultOf('a')]),
    guarded.countHits([]),
    guarded.maintenance.cacheCounts(),
    guarded.ping(),
  ]);
  expect(refused.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  expect(puppet.calls).toEqual([]);
  await vi.advanceTimersByTimeAsync(500);
  expect(puppet.calls).toEqual(['migrate']);
});

test('probes come after pauses that double from half a second to five', async () => {
  await goDown();
  puppet.calls.length = 0;
  const probesWithin = async (ms: number) => {
    const before = puppet.calls.length;
    await vi.advanceTimersByTimeAsync(ms);
    return puppet.calls.length - before;
  };
  const probes = [];
  for (const pause of [500, 1000, 2000, 4000, 5000, 5000])
    probes.push([await probesWithin(pause - 1), await probesWithin(1)]);
  expect(probes).toEqual(Array(6).fill([0, 1]));
});

test('it is up again after a probe that succeeds, and each change is logged once', async () => {
  await goDown();
  await Promise.allSettled(Array.from({ length: 50 }, () => guarded.findResults(lookups)));
  await vi.advanceTimersByTimeAsync(10_000);
  puppet.behave = async () => {};
  await vi.advanceTimersByTimeAsync(5000);
  expect(guarded.isUp()).toBe(true);
  expect(await guarded.findResults(lookups)).toEqual([undefined]);
  expect(changes).toEqual([true, false, true]);
  expect(recorded.lines).toEqual(['info store is up', 'warn store is down', 'info store is up']);
  expect(recorded.fields[1]).toEqual({ store: 'mysql', reason: 'ECONNREFUSED' });
});

test('a row at fault leaves the store up', async () => {
  await guarded.start();
  puppet.behave = async () => {
    throw new StatementError('ER_CHECK_CONSTRAINT_VIOLATED', 'no');
  };
  await expect(guarded.saveResults([resultOf('a')])).rejects.toMatchObject({ name: 'StatementError' });
  expect(guarded.isUp()).toBe(true);
});

test('what began before an outage and fails after it does not bring the store down again', async () => {
  await guarded.start();
  puppet.behave = never;
  const slow = guarded.saveResults([resultOf('a')]);
  slow.catch(() => {});
  puppet.behave = async () => {
    throw outage('ECONNRESET');
  };
  await expect(guarded.findResults(lookups)).rejects.toMatchObject(outageOf);
  puppet.behave = async () => {};
  await vi.advanceTimersByTimeAsync(500);
  expect(guarded.isUp()).toBe(true);
  await vi.advanceTimersByTimeAsync(500);
  await expect(slow).rejects.toMatchObject(outageOf);
  expect(guarded.isUp()).toBe(true);
});

test('a report may take longer, and says nothing about the store when it fails', async () => {
  await guarded.start();
  puppet.behave = (operation) => (operation === 'cacheCounts' ? never() : Promise.resolve());
  const report = guarded.maintenance.cacheCounts();
  report.catch(() => {});
  await vi.advanceTimersByTimeAsync(59_999);
  expect(await Promise.race([report, Promise.resolve('still waiting')])).toBe('still waiting');
  await vi.advanceTimersByTimeAsync(1);
  await expect(report).rejects.toMatchObject(outageOf);
  expect(guarded.isUp()).toBe(true);
});

test('an outage is noticed in an unused store', async () => {
  await guarded.start();
  puppet.behave = never;
  await vi.advanceTimersByTimeAsync(6000);
  expect(guarded.isUp()).toBe(false);
});

test('start does not wait for ever, and the store comes up when it answers', async () => {
  const { promise: migrated, resolve } = Promise.withResolvers<void>();
  puppet.behave = (operation) => (operation === 'migrate' ? migrated : Promise.resolve());
  const started = guarded.start();
  await vi.advanceTimersByTimeAsync(5000);
  expect(await started).toBe(false);
  resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(guarded.isUp()).toBe(true);
});

test('a faulty migration is logged once as an error', async () => {
  puppet.behave = async () => {
    throw new Error('The migration 001-a was changed after it ran');
  };
  expect(await guarded.start()).toBe(false);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(recorded.lines).toEqual(['warn store is down', 'error store cannot be migrated']);
});

test('a closed store is not probed any more', async () => {
  await goDown();
  await guarded.close();
  puppet.calls.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(puppet.calls).toEqual([]);
});
