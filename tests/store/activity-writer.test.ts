import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Activity } from '../../src/store/activity.ts';
import { openActivityWriter } from '../../src/store/activity-writer.ts';
import type { Hit } from '../../src/store/entities.ts';
import { photoOf, requestOf, sha256Of, version } from '../contracts/rows.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A store that takes what it is given, or fails. */
function setUp(options: Parameters<typeof openActivityWriter>[1] = {}) {
  const activities: Activity[] = [];
  const hits: Hit[][] = [];
  const lost: [number, unknown][] = [];
  const store = {
    failure: undefined as Error | undefined,
    async saveActivity(activity: Activity) {
      if (store.failure) throw store.failure;
      activities.push(activity);
    },
    async countHits(counted: readonly Hit[]) {
      if (store.failure) throw store.failure;
      hits.push([...counted]);
    },
  };
  const writer = openActivityWriter(store, { ...options, onLost: (...what) => lost.push(what) });
  return { writer, store, activities, hits, lost };
}

const sumsOf = ({ sums }: Activity) =>
  Object.fromEntries(sums.map((sum) => [`${sum.topic} ${sum.name}`, sum.n]));
const hitOn = (name: string, at: number) => ({ sha256: sha256Of(name), version, at });

test('all of a second is one write, with each result counted once', async () => {
  const { writer, activities, hits } = setUp();
  for (let at = 0; at < 100; at++) {
    writer.recordPhoto(photoOf({ at, kind: 'lookup', outcome: 'memory' }));
    writer.recordRequest(requestOf({ at, route: 'check-cache', lookups: 1, lookupHits: 1, uploads: 0 }));
    writer.countHit(hitOn(at % 2 === 0 ? 'a' : 'b', at));
  }
  await vi.advanceTimersByTimeAsync(999);
  expect([activities, hits]).toEqual([[], []]);
  await vi.advanceTimersByTimeAsync(1);
  expect(activities).toHaveLength(1);
  expect(activities[0] && sumsOf(activities[0])).toMatchObject({
    'lookup memory': 100,
    'asked check-cache': 100,
  });
  expect(hits).toEqual([
    [
      { sha256: sha256Of('a'), version, count: 50, at: 98 },
      { sha256: sha256Of('b'), version, count: 50, at: 99 },
    ],
  ]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(activities).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  [1, 100],
  [10, 10],
  [0, 0],
])(
  'of what only hits, one in %i is kept as a record; sums have all, and misses and failures are kept',
  async (hitRecords, kept) => {
    let draw = 0;
    const { writer, activities } = setUp({ hitRecords, random: () => (draw++ % 10) / 10 });
    for (let at = 0; at < 100; at++) writer.recordPhoto(photoOf({ at, outcome: 'store' }));
    for (let at = 0; at < 100; at++)
      writer.recordPhoto(photoOf({ at, outcome: at % 2 === 0 ? 'llm' : 'failed' }));
    await writer.flush();
    expect(activities[0]?.photos).toHaveLength(kept + 100);
    expect(activities[0] && sumsOf(activities[0])).toMatchObject({ 'upload store': 100, 'upload llm': 50 });
  },
);

test('a look-up is one record, however many hashes it asks for', async () => {
  const { writer, activities } = setUp();
  for (let hash = 0; hash < 100; hash++) writer.recordPhoto(photoOf({ kind: 'lookup', outcome: 'memory' }));
  writer.recordRequest(requestOf({ route: 'batch-check-cache', lookups: 100, lookupHits: 100, uploads: 0 }));
  await writer.flush();
  expect(activities[0]).toMatchObject({ photos: [], requests: [expect.anything()] });
});

test('many records are written in pieces, their sums once', async () => {
  const { writer, activities, hits } = setUp();
  for (let at = 0; at < 1201; at++) {
    writer.recordPhoto(photoOf({ at }));
    writer.countHit(hitOn(`photo ${at}`, at));
  }
  await writer.flush();
  expect(activities.map(({ photos, sums }) => [photos.length, sums.length > 0])).toEqual([
    [500, true],
    [500, false],
    [201, false],
  ]);
  expect(hits.map((group) => group.length)).toEqual([500, 500, 201]);
});

test('records that cannot be written are counted, and the next write works', async () => {
  const { writer, store, activities, lost } = setUp();
  store.failure = new Error('down');
  for (let at = 0; at < 3; at++) writer.recordPhoto(photoOf({ at }));
  writer.countHit(hitOn('a', 1));
  await writer.flush();
  expect(lost).toEqual([
    [1, store.failure],
    [3, store.failure],
  ]);
  store.failure = undefined;
  writer.recordPhoto(photoOf());
  await writer.flush();
  expect(activities).toHaveLength(1);
});

test('an invalid record is rejected before it can block others', () => {
  const { writer } = setUp();
  expect(() => writer.recordPhoto(photoOf({ claimant: 'no key' }))).toThrow();
});
