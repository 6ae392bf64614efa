import { describe, expect, test } from 'vitest';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { claimantOf, failedPhoto, photoOf, requestOf } from '../store/rows.ts';
import type { StorePlace } from './store-place.ts';

/** Records of photos and requests, and what is counted from them. */
export function describeSummary(place: StorePlace): void {
  describe('summary', () => {
    test('of a time without anything is all zeros', async () => {
      expect(await place.store.summarise(0, 10)).toEqual({
        requests: 0,
        lookups: 0,
        lookupHits: 0,
        photos: 0,
        photosByOutcome: { llm: 0, local: 0, flight: 0, memory: 0, store: 0, claim: 0, failed: 0 },
        degraded: 0,
        uniqueUsers: 0,
        latencyByOutcome: {},
      });
    });

    test('counts what lies from the first to before the last millisecond', async () => {
      await place.store.savePhotoRecords([99, 100, 199, 200].map((at) => photoOf({ at })));
      await place.store.saveRequestRecords([99, 100, 199, 200].map((at) => requestOf({ at })));
      expect(await place.store.summarise(100, 200)).toMatchObject({ photos: 2, requests: 2 });
    });

    test('splits photos by outcome, adds up look-ups and counts each user once', async () => {
      const { userId: _, ...anonymous } = requestOf({ claimant: claimantOf('192.0.2.1') });
      await place.store.savePhotoRecords([
        photoOf(),
        photoOf({ outcome: 'local', degraded: true }),
        photoOf({ outcome: 'memory', kind: 'lookup' }),
        photoOf({ outcome: 'memory' }),
        failedPhoto(),
      ]);
      await place.store.saveRequestRecords([
        requestOf({ route: 'batch-check-cache', lookups: 5, lookupHits: 2, uploads: 0 }),
        requestOf({ claimant: claimantOf('bert'), userId: 'bert', lookups: 1 }),
        requestOf(),
        anonymous,
      ]);
      expect(await place.store.summarise(0, 10_000)).toMatchObject({
        requests: 4,
        lookups: 6,
        lookupHits: 2,
        photos: 5,
        photosByOutcome: { llm: 1, local: 1, flight: 0, memory: 2, store: 0, claim: 0, failed: 1 },
        degraded: 1,
        uniqueUsers: 2,
      });
    });

    test('gives exact percentiles by nearest rank', async () => {
      const durations = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
      await place.store.savePhotoRecords(durations.map((durationMs) => photoOf({ durationMs })));
      await place.store.savePhotoRecords([photoOf({ outcome: 'local', durationMs: 7.4 })]);
      const { latencyByOutcome } = await place.store.summarise(0, 10_000);
      expect(latencyByOutcome).toEqual({
        llm: { count: 100, p50Ms: 50, p95Ms: 95 },
        local: { count: 1, p50Ms: 7, p95Ms: 7 },
      });
    });

    test('takes records with whatever clients send as their name', async () => {
      const userId = '用户🐈'.repeat(200);
      await place.store.savePhotoRecords([
        photoOf({ userId, requestId: 'r'.repeat(500), model: 'm'.repeat(500) }),
      ]);
      await place.store.saveRequestRecords([
        requestOf({ userId, durationMs: Number.NaN, network: 'n'.repeat(500) }),
      ]);
      const [row] = await place.fixture.rows('SELECT user_id FROM requests');
      expect(row?.user_id).toBe(Array.from(userId).slice(0, 128).join(''));
      expect(await place.store.summarise(0, 10_000)).toMatchObject({
        photos: 1,
        requests: 1,
        uniqueUsers: 1,
      });
    });

    test('is exact when many write at once', async () => {
      const others = [place.store, place.fixture.open(), place.fixture.open()];
      const groups = others.map((other) => withGroupCommit(other));
      await Promise.all(
        groups.flatMap((group) =>
          Array.from({ length: 300 }, () =>
            Promise.all([group.recordPhoto(photoOf()), group.recordRequest(requestOf())]),
          ),
        ),
      );
      await Promise.all(others.slice(1).map((other) => other.close()));
      expect(await place.store.summarise(0, 10_000)).toMatchObject({ photos: 900, requests: 900 });
    });
  });
}
