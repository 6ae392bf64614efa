import { createHash, randomBytes } from 'node:crypto';
import { dayMs, hourMs, minuteMs } from '../durations.ts';
import { cautiousClock } from '../resilience/cautious-clock.ts';
import { inSmallSteps } from '../resilience/small-steps.ts';
import type { Deletion } from '../store/rows/deletions.ts';
import type { Store } from '../store/store.ts';

export interface CacheMaintenanceOptions {
  readonly store: Pick<Store, 'maintenance' | 'ping'>;
  /** Leases let one process among all do it. */
  readonly leases: Pick<Store, 'acquireLeases' | 'renewLeases' | 'releaseLeases'>;
  /** How long records of photos and requests are kept. */
  readonly recordsMs: number;
  /** How long results are kept; 0 for ever. */
  readonly resultsMs: number;
  /** How many results are kept; 0 all. */
  readonly maxResults: number;
  readonly onDeleted?: (of: Deletion['of'], rows: number) => void;
  readonly onFailure?: (error: unknown) => void;
  /** Shortest time between two rounds; the longest is twice that, chosen at random. Default 10 minutes. */
  readonly everyMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Monotonic milliseconds. */
  readonly elapsedMs?: () => number;
}

export interface CacheMaintenance {
  start(): void;
  /** One round now, unless another process is doing one. */
  sweep(): Promise<void>;
  /** Resolves when the current round has ended. */
  stop(): Promise<void>;
}

const leaseMs = 60_000;
/** Longer than a write waits in a journal. */
const journalMs = 31 * dayMs;
const name = createHash('sha256').update('maintenance').digest('hex');

/** Deletes records and results that are too old or too many, in small steps in the background. */
export function openCacheMaintenance(options: CacheMaintenanceOptions): CacheMaintenance {
  const { store, leases, everyMs = 600_000 } = options;
  const now = cautiousClock(options);
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();

  async function deleteAll(deletion: Deletion, most?: number): Promise<void> {
    await inSmallSteps({
      async step(limit) {
        const deleted = await store.maintenance.deleteSome(deletion, limit);
        if (deleted > 0) options.onDeleted?.(deletion.of, deleted);
        return deleted;
      },
      aimMs: store.maintenance.stepMs,
      ...(most !== undefined && { most }),
      signal: stopping.signal,
      ...(options.elapsedMs && { now: options.elapsedMs }),
    });
  }

  /** A table that can't be worked on doesn't keep the others from it; a store that can't be used ends the round. */
  async function mayGoOnAfter(error: unknown): Promise<boolean> {
    options.onFailure?.(error);
    return store.ping().then(
      () => true,
      () => false,
    );
  }

  async function clean(): Promise<void> {
    const { recordsMs, resultsMs, maxResults } = options;
    let before = now() - recordsMs;
    try {
      before = await store.maintenance.dropDays(before, now());
    } catch (error) {
      // All records are deleted one by one: they are not kept for longer.
      if (!(await mayGoOnAfter(error))) return;
    }
    const deletions: Deletion[] = [
      { of: 'photos', before },
      { of: 'requests', before },
      { of: 'leases', before: now() - hourMs },
      { of: 'refusals', before: now() },
      { of: 'batches', before: now() - journalMs },
      { of: 'erasures', before: now() - journalMs },
    ];
    if (resultsMs > 0) deletions.push({ of: 'results', before: now() - resultsMs });
    for (const deletion of deletions)
      try {
        await deleteAll(deletion);
      } catch (error) {
        if (!(await mayGoOnAfter(error))) return;
      }
    if (maxResults === 0) return;
    await deleteAll({ of: 'results', leastUsed: true }, await store.maintenance.resultsBeyond(maxResults));
  }

  async function sweep(): Promise<void> {
    const request = { name, owner: randomBytes(16).toString('hex'), ttlMs: leaseMs };
    try {
      const [state] = await leases.acquireLeases([request]);
      if (!state?.isOwn) return;
      const lease = { ...request, token: state.token };
      const renewal = setInterval(() => void leases.renewLeases([lease]).catch(() => {}), leaseMs / 3);
      try {
        await clean();
      } finally {
        clearInterval(renewal);
        // One that isn't released runs out.
        await leases.releaseLeases([lease]).catch(() => {});
      }
    } catch (error) {
      options.onFailure?.(error);
    }
  }

  function sweepIn(pauseMs: number): void {
    timer = setTimeout(() => {
      round = sweep().finally(() => {
        if (!stopping.signal.aborted) sweepIn(everyMs * (1 + Math.random()));
      });
    }, pauseMs).unref();
  }

  return {
    // Soon: a service that stood still for days has to make room for the records of today.
    start: () => sweepIn(Math.min(everyMs, minuteMs) * Math.random()),
    sweep,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await round;
    },
  };
}
