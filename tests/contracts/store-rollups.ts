import { describe, expect, test } from 'vitest';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { activityOf, claimantOf, failedPhoto, photoOf, requestOf } from './rows.ts';
import type { StorePlace } from './store-place.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Sums that are kept with the records, and what keeps them small. */
export function describeRollups(place: StorePlace): void {
  const reports = () => place.store.reports;
  const sum = async (level: 'minute' | 'hour' | 'day', from = 0, to = 10 * day, topics?: string[]) =>
    Object.fromEntries(
      (await reports().sumTallies({ level, from, to, stepMs: 0 }, topics)).map(
        ({ topic, name, n, amount }) => [`${topic} ${name}`, [n, amount]],
      ),
    );

  describe('roll-ups', () => {
    test('of nothing are empty', async () => {
      expect(await sum('day')).toEqual({});
      const span = { level: 'day', from: 0, to: day, stepMs: 0 } as const;
      expect(await reports().sumDurations(span, ['photo'])).toEqual([]);
      expect(await reports().countUsers(0, day)).toBe(0);
      expect(await reports().topUsers(0, day, 5)).toEqual({ unique: 0, users: [] });
      expect(await reports().failedPhotos(0, 5)).toEqual([]);
      expect(await reports().censusOfCache()).toEqual({ results: 0, maxHits: 0 });
      expect(await reports().findSnapshot('census')).toBeUndefined();
    });

    test('of a batch are added once, with its records, and not at all where it fails', async () => {
      const batch = claimantOf('batch');
      const activity = activityOf({ photos: [photoOf()], requests: [requestOf()] });
      const bad = { ...activity, photos: [[null]] as never };
      await expect(place.store.saveActivity(bad, batch)).rejects.toThrow();
      await Promise.all([1, 2, 3].map(() => place.store.saveActivity(activity, batch)));
      expect(await sum('day', 0, day, ['upload'])).toEqual({ 'upload llm': [1, 250_000] });
      expect(await place.fixture.rows(`SELECT 1 FROM ${place.fixture.records.photos}`)).toHaveLength(1);
      expect(await place.fixture.rows(`SELECT 1 FROM ${place.fixture.records.requests}`)).toHaveLength(1);
    });

    test('say on every level what the records say', async () => {
      await place.store.saveActivity(
        activityOf({
          photos: [
            photoOf({ at: 10, sizeBytes: 100, confidence: 0.5 }),
            photoOf({ at: 2 * hour, sizeBytes: 50, outcome: 'memory', savedMicro: 70, degraded: true }),
            photoOf({ at: day + 5, kind: 'lookup', outcome: 'claim', avoidedBytes: 40, category: 'foods' }),
            { ...failedPhoto(), at: day + 5 },
          ],
        }),
      );
      await place.store.saveActivity(
        activityOf({
          requests: [
            requestOf({ at: 10, route: 'batch', uploads: 3, failed: 1 }),
            requestOf({ at: day, route: 'batch-check-cache', lookups: 5, lookupHits: 2, uploads: 0 }),
          ],
        }),
      );
      await place.store.saveActivity(
        activityOf({
          tallies: [
            { at: 20, dayAt: 0, topic: 'call', name: 'answered', n: 1, amount: 900 },
            { at: 30, dayAt: 0, topic: 'call', name: 'answered', n: 1, amount: 100 },
          ],
        }),
      );
      const truth = {
        'upload llm': [1, 100],
        'upload memory': [1, 50],
        'upload failed': [1, 0],
        'lookup claim': [1, 40],
        'photo llm': [1, 0],
        'photo memory': [1, 0],
        'photo claim': [1, 0],
        'photo failed': [1, 0],
        'saved memory': [1, 70],
        'degraded memory': [1, 0],
        'category pets': [2, 1_430_000],
        'category foods': [1, 930_000],
        'error undecodable_image': [1, 0],
        'route batch': [1, 0],
        'route batch-check-cache': [1, 0],
        'asked batch-check-cache': [5, 2],
        'sent batch': [3, 1],
        'call answered': [2, 1000],
      };
      for (const level of ['minute', 'hour', 'day'] as const) expect(await sum(level)).toEqual(truth);
      expect(await sum('hour', hour, day)).toMatchObject({ 'upload memory': [1, 50] });
      expect(await sum('day', day, 2 * day, ['upload', 'asked'])).toEqual({
        'upload failed': [1, 0],
        'asked batch-check-cache': [5, 2],
      });
    });

    test('add up steps of any length, and the day that a record names', async () => {
      const dayAt = -8 * hour;
      await place.store.saveActivity(
        activityOf({ photos: [0, 59_999, 60_000, 3 * 60_000].map((at) => photoOf({ at, dayAt })) }),
      );
      const span = { level: 'minute', from: 0, to: hour } as const;
      const steps = async (stepMs: number) =>
        (await reports().sumTallies({ ...span, stepMs }, ['upload'])).map(({ at, n }) => [at, n]);
      expect(await steps(60_000)).toEqual([
        [0, 2],
        [60_000, 1],
        [180_000, 1],
      ]);
      expect(await steps(120_000)).toEqual([
        [0, 3],
        [120_000, 1],
      ]);
      expect(await sum('day', dayAt, dayAt + 1, ['upload'])).toEqual({ 'upload llm': [4, 1_000_000] });
    });

    test('count durations in buckets', async () => {
      await place.store.saveActivity(
        activityOf({ photos: [0, 7, 7, 11, 12, 500_000].map((durationMs) => photoOf({ durationMs })) }),
      );
      const span = { level: 'minute', from: 0, to: hour, stepMs: 0 } as const;
      expect(await reports().sumDurations(span, ['photo'])).toEqual([
        {
          at: 0,
          topic: 'photo',
          name: 'llm',
          n: 6,
          sumMs: 500_037,
          buckets: [
            { fromMs: 0, toMs: 0, n: 1 },
            { fromMs: 7, toMs: 7, n: 2 },
            { fromMs: 11, toMs: 12, n: 2 },
            { fromMs: 85_845, toMs: Number.POSITIVE_INFINITY, n: 1 },
          ],
        },
      ]);
    });

    test('count each user once a day, and once over many', async () => {
      const { userId: _, ...anonymous } = requestOf({ claimant: claimantOf('anonymous') });
      const bert = { claimant: claimantOf('bert'), userId: 'bert' };
      await place.store.saveActivity(
        activityOf({
          requests: [
            requestOf(),
            requestOf({ at: 2000 }),
            anonymous,
            requestOf({ at: day, ...bert }),
            requestOf({ at: day }),
          ],
        }),
      );
      await place.store.saveActivity(
        activityOf({
          photos: [
            photoOf({ at: 5 }),
            photoOf({ at: 6, outcome: 'store' }),
            { ...failedPhoto(), at: day + 9 },
          ],
        }),
      );
      expect(await reports().countUsers(0, day)).toBe(1);
      expect(await reports().countUsers(day, 2 * day)).toBe(2);
      expect(await reports().countUsers(0, 2 * day)).toBe(2);
      const anna = {
        userId: 'anna',
        requests: 3,
        photos: 3,
        hits: 1,
        failed: 1,
        firstAt: 5,
        lastAt: day + 9,
      };
      const top = await reports().topUsers(0, 2 * day, 5);
      const [first, second] = top.users;
      expect(top.unique).toBe(2);
      expect(first).toEqual(anna);
      expect(second).toMatchObject({ userId: 'bert', requests: 1, photos: 0 });
      expect(await reports().topUsers(0, 2 * day, 1)).toEqual({ unique: 2, users: [anna] });
    });

    test('are exact when many processes write at once, to the same minute and to new ones', async () => {
      const others = [place.store, place.fixture.open(), place.fixture.open()];
      const groups = others.map((other) => withGroupCommit(other, { maxItems: 20 }));
      await Promise.all(
        groups.flatMap((group, writer) =>
          Array.from({ length: 200 }, async (_, index) => {
            const at = (index % 7) * 60_000;
            const user = { claimant: claimantOf(`user ${index % 5}`), userId: `user ${index % 5}` };
            group.recordPhoto(photoOf({ at, outcome: writer === 0 ? 'llm' : 'store', ...user }));
            group.recordRequest(requestOf({ at, ...user }));
            group.recordTallies([{ at, dayAt: 0, topic: 'call', name: 'answered', n: 1, amount: 3 }]);
            if (index % 9 === 0) await group.flush();
          }),
        ),
      );
      await Promise.all(groups.map((group) => group.flush()));
      await Promise.all(others.slice(1).map((other) => other.close()));
      for (const level of ['minute', 'hour', 'day'] as const)
        expect(await sum(level)).toMatchObject({
          'upload llm': [200, 50_000_000],
          'upload store': [400, 100_000_000],
          'route classify': [600, 0],
          'call answered': [600, 1800],
        });
      expect(await reports().countUsers(0, day)).toBe(5);
      const { users } = await reports().topUsers(0, day, 10);
      expect(users.map(({ requests, photos }) => [requests, photos])).toEqual(Array(5).fill([120, 120]));
    });

    test('are removed level by level, so many at a time', async () => {
      await place.store.saveActivity(
        activityOf({ photos: [0, 60_000, 120_000].map((at) => photoOf({ at })) }),
      );
      let pruned = 0;
      for (;;) {
        const now = await reports().pruneRollups('minute', 120_000, 2);
        if (now === 0) break;
        expect(now).toBeLessThanOrEqual(4);
        pruned += now;
      }
      expect(pruned).toBeGreaterThan(0);
      expect(await sum('minute', 0, day, ['upload'])).toEqual({ 'upload llm': [1, 250_000] });
      expect(await sum('hour', 0, day, ['upload'])).toEqual({ 'upload llm': [3, 750_000] });
    });
  });

  describe('records', () => {
    test('are taken with whatever clients send as their name', async () => {
      const userId = '用户🐈'.repeat(200);
      await place.store.saveActivity(
        activityOf({ photos: [photoOf({ userId, requestId: 'r'.repeat(500), model: 'm'.repeat(500) })] }),
      );
      await place.store.saveActivity(
        activityOf({ requests: [requestOf({ userId, durationMs: Number.NaN, network: 'n'.repeat(500) })] }),
      );
      const [row] = await place.fixture.rows(`SELECT user_id FROM ${place.fixture.records.requests}`);
      expect(row?.user_id).toBe(Array.from(userId).slice(0, 128).join(''));
      expect(await sum('day', 0, day, ['upload', 'route'])).toEqual({
        'upload llm': [1, 250_000],
        'route classify': [1, 0],
      });
    });
  });

  describe('reports', () => {
    test('list failures, the newest first', async () => {
      const failed = (at: number) => ({ ...failedPhoto(), at, requestId: `r${at}` });
      await place.store.saveActivity(
        activityOf({ photos: [failed(1), failed(3), photoOf({ at: 4 }), failed(2)] }),
      );
      expect(await reports().failedPhotos(2, 10)).toEqual([
        { at: 3, requestId: 'r3', errorCode: 'undecodable_image', durationMs: 100 },
        { at: 2, requestId: 'r2', errorCode: 'undecodable_image', durationMs: 100 },
      ]);
      expect(await reports().failedPhotos(0, 1)).toHaveLength(1);
    });

    test('keep what took long to find out', async () => {
      await reports().saveSnapshot('census', { body: '{"results":1}', at: 5 });
      await reports().saveSnapshot('census', { body: '{"results":2}', at: 6 });
      expect(await reports().findSnapshot('census')).toEqual({ body: '{"results":2}', at: 6 });
    });
  });

  describe('keys of clients', () => {
    const key = { id: 'k1', name: 'Ä phone', secretSha256: 'ab'.repeat(32), createdAt: 5 };

    test('are listed with all that is known of them', async () => {
      const limited = { ...key, id: 'k2', createdAt: 6, expiresAt: 9, perMinute: 30 };
      await place.store.apiKeys.save(limited);
      await place.store.apiKeys.save(key);
      expect(await place.store.apiKeys.list()).toEqual([key, limited]);
    });

    test('are revoked once', async () => {
      await place.store.apiKeys.save(key);
      expect(await place.store.apiKeys.revoke('k1', 7)).toBe(true);
      expect(await place.store.apiKeys.revoke('k1', 8)).toBe(false);
      expect(await place.store.apiKeys.revoke('unknown', 8)).toBe(false);
      expect(await place.store.apiKeys.list()).toEqual([{ ...key, revokedAt: 7 }]);
    });
  });
}
