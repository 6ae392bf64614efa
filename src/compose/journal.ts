import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import { type StoreJournal, withJournal } from '../store/journal/with-journal.ts';
import type { BreakerStore } from '../store/store-breaker.ts';

/** Where writes wait while the store is down, with all that happens to them counted. */
export function composeJournal(
  { journal: { folder, maxBytes } }: Config,
  { store, metrics, log }: { readonly store: BreakerStore; readonly metrics: Metrics; readonly log: Logger },
): StoreJournal {
  return withJournal(store, {
    ...(folder !== undefined && { folder }),
    maxBytes,
    logger: log,
    onLost: (kind, items) => metrics.journalLost.inc({ kind }, items),
    onReplayed: (kind, items) => metrics.journalReplayed.inc({ kind }, items),
  });
}
