import type { Classification } from '../classify/classifier.ts';
import type { Erasure, Feedback } from '../store/entities.ts';
import type { StoreJournal } from '../store/journal/with-journal.ts';
import type { CacheCounts } from '../store/rows/counts.ts';
import type { Deletion } from '../store/rows/deletions.ts';
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

export interface OpenCacheOptions {
  readonly store: Store;
  /** The same store behind group commit. */
  readonly grouped: ListOperations &
    Pick<ResultCacheOptions['results'], 'countHit'> & { flush(): Promise<void> };
  /** See `ResultReaderOptions`. */
  readonly lookups?: Pick<Store, 'findResults'>;
  /** What waits to be written to the store. */
  readonly journal?: Pick<StoreJournal, 'find' | 'contentOf' | 'erase'>;
  /** What is in progress must not be written any more. */
  readonly onErase?: (erasures: readonly Erasure[]) => void;
  /** See `ResultCacheOptions`. */
  readonly version: string;
  readonly provisionalMs: number;
  readonly isProvisional: (classification: Classification) => boolean;
  readonly isOutdated?: (classification: Classification) => boolean;
  readonly isCategory: (category: string) => boolean;
  readonly memoryEntries: number;
  readonly memoryMs: number;
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
  /** Once the store was started, whether it is up or not. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Everything that remembers, put together. */
export function openCache(options: OpenCacheOptions): Cache {
  const { store, grouped, hooks, now = Date.now } = options;
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
        const forgotten = await forget(store, what, {
          at: now(),
          async erase(erasures) {
            options.onErase?.(erasures);
            // What was recorded before it was to be forgotten must not be written after.
            await grouped.flush();
            await options.journal?.erase(erasures);
          },
        });
        results.forgetMemory();
        return forgotten;
      },
    },
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
