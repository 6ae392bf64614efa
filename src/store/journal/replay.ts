import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { dayMs, hourMs } from '../../durations.ts';
import type { Claim, ClaimantFingerprint, StoredResult } from '../entities.ts';
import { StatementError } from '../outage.ts';
import type { Store } from '../store.ts';
import { type Entry, type EntryKind, entryKinds, itemsOf, withoutErased } from './entries.ts';
import type { Journal } from './journal.ts';
import type { WaitingEntry } from './journal-file.ts';

export type JournalledOperation =
  | 'saveResults'
  | 'saveClaims'
  | 'saveFingerprints'
  | 'countHits'
  | 'saveActivity';

export interface ReplayOptions {
  readonly journal: Pick<Journal, 'oldest'>;
  readonly store: Pick<Store, JournalledOperation | 'maintenance'> & { isUp(): boolean };
  readonly logger: Pick<Logger, 'warn'>;
  readonly onReplayed?: (kind: EntryKind, items: number) => void;
  readonly onLost?: (kind: EntryKind, items: number) => void;
  /** Between two batches, so that requests come first. Default 20. */
  readonly pauseMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Entries of one batch; of hits and records each is up to 500 rows. */
const batchSize: Record<EntryKind, number> = {
  results: 500,
  claims: 500,
  fingerprints: 500,
  hits: 10,
  activity: 10,
};

/** The store remembers batches and what was forgotten for a day longer. */
const keptMs = 30 * dayMs;

/**
 * Writes all that waits to the store, until nothing does or it is to stop.
 * @throws Error (an outage) the store went down: what was not written waits on
 */
export async function replay(options: ReplayOptions, mayGoOn: () => boolean): Promise<void> {
  const { journal, store, pauseMs = 20 } = options;
  for (const kind of entryKinds)
    while (store.isUp() && mayGoOn()) {
      const batch = journal.oldest(kind, batchSize[kind]);
      if (batch === undefined) break;
      await writeBatch(kind, batch.entries, options);
      batch.pass();
      await sleep(pauseMs);
    }
}

async function writeBatch(
  kind: EntryKind,
  waiting: readonly WaitingEntry[],
  options: Omit<ReplayOptions, 'journal' | 'pauseMs'>,
): Promise<void> {
  const { store, logger, onReplayed, onLost, now = Date.now } = options;
  const lose = (entry: Entry) => onLost?.(kind, itemsOf(entry));
  const oldestAt = now() - keptMs;
  for (const { entry, at } of waiting) if (at < oldestAt) lose(entry);
  const kept = waiting.filter(({ at }) => at >= oldestAt);
  if (kept.length === 0) return;
  // What is journalled happened a little earlier.
  const since = Math.min(...kept.map(({ at }) => at)) - hourMs;
  const erasures = await store.maintenance.findErasures(since);
  const entries = kept.flatMap(({ entry, at }) => withoutErased(entry, at, erasures) ?? []);
  if (entries.length === 0) return;
  try {
    await write(store, kind, entries);
    for (const entry of entries) onReplayed?.(kind, itemsOf(entry));
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    if (entries.length === 1) {
      logger.warn({ kind, reason: error.message }, 'the store refuses a write that waited for it');
      for (const entry of entries) lose(entry);
      return;
    }
    // One of them is at fault; the others are written.
    for (const one of kept) await writeBatch(kind, [one], options);
  }
}

async function write(store: ReplayOptions['store'], kind: EntryKind, entries: readonly Entry[]) {
  const values = entries.map(({ value }) => value);
  if (kind === 'results') return store.saveResults(values as StoredResult[]);
  if (kind === 'claims') return store.saveClaims(values as Claim[]);
  if (kind === 'fingerprints') return store.saveFingerprints(values as ClaimantFingerprint[]);
  for (const entry of entries) {
    if (entry.kind === 'hits') await store.countHits(entry.value.hits, entry.value.batch);
    if (entry.kind === 'activity') await store.saveActivity(entry.value.activity, entry.value.batch);
  }
}
