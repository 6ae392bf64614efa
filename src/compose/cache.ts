import type { Logger } from 'pino';
import { type Cache, type OpenCacheOptions, openCache } from '../cache/open-cache.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import type { Config } from '../config.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { StoreJournal } from '../store/journal/with-journal.ts';
import { reasonOf } from '../store/outage.ts';
import type { Store } from '../store/store.ts';
import type { LocalModel } from './local-model.ts';

export interface CacheParts {
  readonly store: Store;
  readonly grouped: GroupCommit;
  readonly lookups: Pick<Store, 'findResults'>;
  readonly journal: StoreJournal;
  readonly version: string;
  readonly taxonomy: Taxonomy;
  readonly local: LocalModel;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly onErase: OpenCacheOptions['onErase'] & {};
}

/** The cache under the rules of the configuration, with its metrics. */
export function composeCache({ cache, strategy }: Config, parts: CacheParts): Cache {
  const { store, grouped, lookups, journal, version, taxonomy, local, metrics, log, onErase } = parts;
  return openCache({
    store,
    grouped,
    lookups,
    journal,
    onErase,
    version,
    ...cache,
    // Under llm-only no weaker answer is served.
    provisionalMs: strategy === 'llm-only' ? 0 : cache.provisionalMs,
    isProvisional: local.isProvisional,
    isOutdated: local.isOutdated,
    isCategory: taxonomy.has,
    hooks: {
      onWriteFailure: (operation) => metrics.writeFailures.inc({ operation }),
      onDeleted: (of, rows) => metrics.rowsDeleted.inc({ of }, rows),
      onMaintenanceFailure(error) {
        // Outages, too: of those in maintenance the store's breaker logs none.
        log.warn(
          { reason: reasonOf(error) },
          'a part of database maintenance failed; it is tried again later',
        );
      },
    },
  });
}
