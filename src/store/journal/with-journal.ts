import { cautiousClock } from '../../resilience/cautious-clock.ts';
import type { Erasure, Found, Lookup } from '../entities.ts';
import { isOutage, reasonOf } from '../outage.ts';
import type { Store } from '../store.ts';
import type { BreakerStore } from '../store-breaker.ts';
import type { Entry, EntryKind } from './entries.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { type ItemCounts, noItems } from './journal-file.ts';
import { type JournalledOperation, replay } from './replay.ts';

export interface WithJournalOptions extends JournalOptions {
  /** Items that waited and are written. */
  readonly onReplayed?: (kind: EntryKind, items: number) => void;
  /** See `ReplayOptions`. */
  readonly pauseMs?: number;
  /** How often it looks whether the store is back. Default 500. */
  readonly checkMs?: number;
  /** How often it looks for journals of processes that are dead. Default 60 000. */
  readonly takeOverMs?: number;
  /** How long `close` may go on writing. Default 5000. */
  readonly closeMs?: number;
  /** Monotonic milliseconds. */
  readonly elapsedMs?: () => number;
}

export interface StoreJournal {
  /** The store's writes; those that fail by an outage succeed, and wait in the journal until it is back. */
  readonly writes: Pick<Store, JournalledOperation>;
  /** What the store will answer once all is written; undefined where nothing waits for that. */
  find(lookup: Lookup): Found | undefined;
  /** Hash of the bytes that the claimant's newest claim is about, if that claim waits. */
  contentOf(lookup: Lookup): string | undefined;
  /** Nothing of what was forgotten is written any more. */
  erase(erasures: readonly Erasure[]): Promise<void>;
  /** What waits. */
  items(): ItemCounts;
  /** Takes over what dead processes have left, and begins to write what waits whenever the store is up. */
  start(): void;
  /** Writes what waits, if the store is up. Never rejects. */
  replay(): Promise<void>;
  /** Replays for a while; what waits still is for the process that comes next. */
  close(): Promise<void>;
}

/** After a failure that is no outage, such as a file that can't be read. */
const failurePauseMs = 60_000;

type GuardedStore = Pick<BreakerStore, JournalledOperation | 'maintenance' | 'isUp'>;

/** @param store behind its breaker */
export function withJournal(store: GuardedStore, options: WithJournalOptions): StoreJournal {
  const { logger, checkMs = 500, takeOverMs = 60_000, closeMs = 5000 } = options;
  const counts = openCounts(options);
  const journal = new Journal({ ...options, onLost: counts.onLost });
  const replays = openReplays(store, journal, { ...options, ...counts });
  let timers: NodeJS.Timeout[] = [];

  function takeOver(): void {
    const before = journal.items();
    journal.takeOver();
    const after = journal.items();
    if (JSON.stringify(before) !== JSON.stringify(after))
      logger.info({ waiting: after }, 'the journal of a process that ended was taken over');
  }

  return {
    writes: journalledWrites(store, journal, logger),
    find: (lookup) => readable(() => journal.find(lookup)),
    contentOf: (lookup) => readable(() => journal.contentOf(lookup)),
    async erase(erasures) {
      await replays.pause();
      try {
        await journal.erase(erasures);
      } finally {
        replays.goOn();
      }
    },
    items: () => journal.items(),
    replay: replays.run,
    start() {
      takeOver();
      timers = [setInterval(() => void replays.run(), checkMs), setInterval(takeOver, takeOverMs)];
      for (const timer of timers) timer.unref();
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      await replays.pause();
      replays.goOn(performance.now() + closeMs);
      await replays.run();
      if (!journal.isEmpty())
        logger.warn({ waiting: journal.items() }, 'the process ends before the journal is written');
      journal.close();
    },
  };
}

/** A file that can't be read answers nothing. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What became of the entries since the journal was last empty. */
function openCounts({ onLost, onReplayed }: WithJournalOptions) {
  let [written, lost] = [noItems(), noItems()];
  return {
    onLost(kind: EntryKind, items: number): void {
      lost[kind] += items;
      onLost?.(kind, items);
    },
    onReplayed(kind: EntryKind, items: number): void {
      written[kind] += items;
      onReplayed?.(kind, items);
    },
    take() {
      const taken = { written, lost };
      [written, lost] = [noItems(), noItems()];
      return taken;
    },
  };
}

/** Replays the journal, one replay at a time. */
function openReplays(
  store: GuardedStore,
  journal: Journal,
  options: WithJournalOptions & Pick<ReturnType<typeof openCounts>, 'take'>,
) {
  const { logger } = options;
  const now = cautiousClock(options);
  let running: Promise<void> | undefined;
  let nextAt = 0;
  let until = Number.POSITIVE_INFINITY;

  async function replayAll(): Promise<void> {
    try {
      await replay({ ...options, now, journal, store }, () => performance.now() < until);
      if (!journal.isEmpty()) return;
      journal.closeEmpty();
      logger.info(options.take(), 'what waited in the journal is written');
    } catch (error) {
      // The store's breaker logs an outage.
      if (isOutage(error)) return;
      logger.warn({ err: error }, 'the journal could not be written to the store');
      nextAt = performance.now() + failurePauseMs;
    }
  }

  return {
    /** Never rejects. */
    run(): Promise<void> {
      if (journal.isEmpty() || !store.isUp() || performance.now() < nextAt) return Promise.resolve();
      running ??= replayAll().finally(() => {
        running = undefined;
      });
      return running;
    },
    /** Resolves after the batch in progress. */
    async pause(): Promise<void> {
      until = Number.NEGATIVE_INFINITY;
      await running;
    },
    /** @param end in milliseconds of `performance.now` */
    goOn(end = Number.POSITIVE_INFINITY): void {
      until = end;
    },
  };
}

function journalledWrites(
  store: GuardedStore,
  journal: Journal,
  logger: WithJournalOptions['logger'],
): StoreJournal['writes'] {
  async function saved(write: Promise<void>, entries: () => Entry[]): Promise<void> {
    try {
      await write;
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (journal.isEmpty())
        logger.warn({ reason: reasonOf(error) }, 'writes wait in the journal until the store is back');
      journal.append(entries());
    }
  }

  return {
    saveResults: (results) =>
      saved(store.saveResults(results), () => results.map((value) => ({ kind: 'results', value }))),
    saveClaims: (claims) =>
      saved(store.saveClaims(claims), () => claims.map((value) => ({ kind: 'claims', value }))),
    saveFingerprints: (fingerprints) =>
      saved(store.saveFingerprints(fingerprints), () =>
        fingerprints.map((value) => ({ kind: 'fingerprints', value })),
      ),
    async countHits(hits, batch) {
      const entries = (): Entry[] => [{ kind: 'hits', value: { batch, hits } }];
      if (journal.isEmpty()) return saved(store.countHits(hits, batch), entries);
      // Their results may wait, and a hit on a result that is not there counts for nothing.
      journal.append(entries());
    },
    saveActivity: (activity, batch) =>
      saved(store.saveActivity(activity, batch), () => [{ kind: 'activity', value: { batch, activity } }]),
  };
}
