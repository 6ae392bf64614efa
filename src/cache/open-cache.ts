import type { Classification, Classifier } from '../classify/classifier.ts';
import type { Feedback } from '../store/entities.ts';
import type { CacheCounts, Deletion } from '../store/rows/deletions.ts';
import type { ListOperations, Store } from '../store/store.ts';
import { openCorrections } from './corrections.ts';
import { type Forgettable, type Forgotten, forget } from './forget.ts';
import { openCacheMaintenance } from './maintenance.ts';
import {
  type CacheWrite,
  openResultCache,
  type ResultCache,
  type ResultCacheOptions,
} from './result-cache.ts';
import { withSingleFlight } from './single-flight.ts';
import { withCache, withRemembering } from './with-cache.ts';
import { type WithLeaseOptions, withLease } from './with-lease.ts';
import { type NearDuplicatesOptions, withNearDuplicates } from './with-near-duplicates.ts';

export interface OpenCacheOptions {
  readonly store: Store;
  /** The same store behind group commit. */
  readonly grouped: ListOperations &
    Pick<ResultCacheOptions['results'], 'countHit'> & { flush(): Promise<void> };
  /** See `ResultCacheOptions`. */
  readonly version: string;
  readonly provisionalMs: number;
  readonly isProvisional: (classification: Classification) => boolean;
  readonly isOutdated?: (classification: Classification) => boolean;
  readonly isCategory: (category: string) => boolean;
  readonly memoryEntries: number;
  readonly memoryMs: number;
  /** Whether a copy of a photo in the same album gets its answer. */
  readonly nearDuplicates: boolean;
  /** See `WithLeaseOptions.ttlMs`. */
  readonly leaseMs: number;
  /** See `CacheMaintenanceOptions`. */
  readonly recordsMs: number;
  readonly resultsMs: number;
  readonly maxResults: number;
  readonly hooks: CacheHooks;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface CacheHooks {
  onWriteFailure(operation: CacheWrite, error: unknown): void;
  onReadFailure(error: unknown): void;
  onLease?: WithLeaseOptions['onLease'];
  onNearDuplicateLookup?: NearDuplicatesOptions['onLookup'];
  onDeleted?: (of: Deletion['of'], rows: number) => void;
  onMaintenanceFailure?: (error: unknown) => void;
}

/** What users and operators do to the cache, besides having photos classified. */
export interface CacheOperations {
  /**
   * @returns whether the next look-up is answered so; undefined, and nothing is recorded, where the claimant has no
   * claim on the hash and it is of no result
   * @throws UnavailableError
   */
  feedback(feedback: Omit<Feedback, 'at' | 'answered' | 'model'>): Promise<{ applied: boolean } | undefined>;
  newestFeedback(limit: number): Promise<readonly Feedback[]>;
  counts(): Promise<CacheCounts>;
  forget(what: Forgettable): Promise<Forgotten>;
}

export interface Cache {
  readonly results: ResultCache;
  readonly operations: CacheOperations;
  /** Makes concurrent calls for one photo in this process one, and remembers what it answers. */
  shared(inner: Classifier): Classifier;
  /** Makes calls for one photo among all processes one. */
  paid(inner: Classifier): Classifier;
  /** Answers from what is remembered, of the photo or of a copy of it in the same album; asks `inner` on a miss. */
  answering(inner: Classifier): Classifier;
  /** Once the store was started, whether it is up or not. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Everything that remembers, put together. */
export function openCache(options: OpenCacheOptions): Cache {
  const { store, grouped, version, hooks, now = Date.now } = options;
  const corrections = openCorrections(store);
  const results = openResultCache({
    ...options,
    results: grouped,
    pictures: store,
    mayHaveCorrected: corrections.mayHave,
    onWriteFailure: hooks.onWriteFailure,
  });
  const maintenance = openCacheMaintenance({
    ...options,
    leases: grouped,
    ...(hooks.onDeleted && { onDeleted: hooks.onDeleted }),
    ...(hooks.onMaintenanceFailure && { onFailure: hooks.onMaintenanceFailure }),
  });
  const withAlbums = (inner: Classifier) =>
    options.nearDuplicates
      ? withNearDuplicates(inner, {
          cache: results,
          ...(hooks.onNearDuplicateLookup && { onLookup: hooks.onNearDuplicateLookup }),
        })
      : inner;
  const leased = (inner: Classifier) =>
    withLease(withRemembering(inner, results), {
      leases: grouped,
      cache: results,
      version,
      ttlMs: options.leaseMs,
      ...(hooks.onLease && { onLease: hooks.onLease }),
    });
  let refreshing: NodeJS.Timeout | undefined;

  return {
    results,
    operations: {
      async feedback(feedback) {
        const found = await results.find(feedback.hash, feedback.claimant);
        const { category: answered, model } = found?.result ?? {};
        const isSaved = await store.saveFeedback({
          ...feedback,
          at: now(),
          ...(answered !== undefined && { answered }),
          ...(model !== undefined && { model }),
        });
        if (!isSaved) return undefined;
        corrections.add(feedback.claimant);
        return { applied: found !== undefined };
      },
      newestFeedback: (limit) => store.newestFeedback(limit),
      counts: () => store.maintenance.cacheCounts(),
      async forget(what) {
        // Before as well as after: what is looked up meanwhile may be read before it is deleted.
        results.forgetMemory();
        // What was recorded before it was to be forgotten must not be written after.
        await grouped.flush();
        const forgotten = await forget(store, what);
        results.forgetMemory();
        return forgotten;
      },
    },
    shared: (inner) => withSingleFlight(withRemembering(inner, results)),
    paid: leased,
    answering: (inner) => withCache(withAlbums(inner), results, hooks),
    async start() {
      await corrections.refresh();
      refreshing = setInterval(() => void corrections.refresh(), options.memoryMs).unref();
      maintenance.start();
    },
    async close() {
      clearInterval(refreshing);
      await maintenance.stop();
    },
  };
}
