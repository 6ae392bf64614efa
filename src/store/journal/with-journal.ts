import type { Erasure, Found, Lookup } from '../entities.ts';
import { isOutage, reasonOf } from '../outage.ts';
import type { Store } from '../store.ts';
import type { BreakerStore } from '../store-breaker.ts';
import type { Entry, EntryKind } from './entries.ts';
import { type JournalOptions, openJournal } from './journal.ts';
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
}

export interface StoreJournal {
  /** The store's writes; those that fail by an outage succeed, and wait in the journal until it is back. */
  readonly writes: Pick<Store, JournalledOperation>;
  /** What the store will answer once all is written; undefined where nothing waits for that. */
  find(lookup: Lookup): Found | undefined;
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

/** @param store behind its breaker */
export function withJournal(
  store: Pick<BreakerStore, JournalledOperation | 'maintenance' | 'isUp'>,
  options: WithJournalOptions,
): StoreJournal {
  const { logger, checkMs = 500, takeOverMs = 60_000, closeMs = 5000 } = options;
  let [written, lost] = [noItems(), noItems()];
  const onLost = (kind: EntryKind, items: number) => {
    lost[kind] += items;
    options.onLost?.(kind, items);
  };
  const onReplayed = (kind: EntryKind, items: number) => {
    written[kind] += items;
    options.onReplayed?.(kind, items);
  };
  const journal = openJournal({ ...options, onLost });
  let timers: NodeJS.Timeout[] = [];
  let replaying: Promise<void> | undefined;
  let nextAt = 0;
  let mayGoOn = () => true;

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

  async function replayAll(): Promise<void> {
    try {
      await replay({ ...options, journal, store, onLost, onReplayed }, () => mayGoOn());
      if (!journal.isEmpty()) return;
      journal.closeEmpty();
      logger.info({ written, lost }, 'what waited in the journal is written');
      [written, lost] = [noItems(), noItems()];
    } catch (error) {
      // The store's breaker logs an outage.
      if (isOutage(error)) return;
      logger.warn({ err: error }, 'the journal could not be written to the store');
      nextAt = performance.now() + failurePauseMs;
    }
  }

  function replayNow(): Promise<void> {
    if (journal.isEmpty() || !store.isUp() || performance.now() < nextAt) return Promise.resolve();
    replaying ??= replayAll().finally(() => {
      replaying = undefined;
    });
    return replaying;
  }

  function takeOver(): void {
    const before = journal.items();
    journal.takeOver();
    const after = journal.items();
    if (JSON.stringify(before) !== JSON.stringify(after))
      logger.info({ waiting: after }, 'the journal of a process that ended was taken over');
  }

  /** After the batch under way. */
  async function pauseReplay(): Promise<void> {
    mayGoOn = () => false;
    await replaying;
  }

  return {
    writes: {
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
    },
    find(lookup) {
      try {
        return journal.find(lookup);
      } catch {
        // A file that can't be read answers nothing.
        return undefined;
      }
    },
    async erase(erasures) {
      await pauseReplay();
      try {
        await journal.erase(erasures);
      } finally {
        mayGoOn = () => true;
      }
    },
    items: journal.items,
    replay: replayNow,
    start() {
      takeOver();
      timers = [setInterval(() => void replayNow(), checkMs), setInterval(takeOver, takeOverMs)];
      for (const timer of timers) timer.unref();
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      await pauseReplay();
      const until = performance.now() + closeMs;
      mayGoOn = () => performance.now() < until;
      await replayNow();
      if (!journal.isEmpty())
        logger.warn({ waiting: journal.items() }, 'the process ends before the journal is written');
      journal.close();
    },
  };
}
