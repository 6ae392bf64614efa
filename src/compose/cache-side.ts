import type { Logger } from 'pino';
import { openCache } from '../cache/open-cache.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import type { Config } from '../config.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import { isOutage } from '../store/outage.ts';
import type { Store } from '../store/store.ts';
import type { LocalSide } from './local-side.ts';

export interface CacheSideParts {
  readonly store: Store;
  readonly grouped: GroupCommit;
  readonly version: string;
  readonly taxonomy: Taxonomy;
  readonly local: LocalSide;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The cache under the rules of the configuration, with all that happens in it counted. */
export function openCacheSide({ cache, strategy }: Config, parts: CacheSideParts) {
  const { store, grouped, version, taxonomy, local, metrics, log } = parts;
  return openCache({
    store,
    grouped,
    version,
    ...cache,
    // Where the LLM alone may answer, nothing stands in for it.
    provisionalMs: strategy === 'llm-only' ? 0 : cache.provisionalMs,
    isProvisional: local.isProvisional,
    isOutdated: local.isOutdated,
    isCategory: taxonomy.has,
    hooks: {
      onWriteFailure: (operation) => metrics.writeFailures.inc({ operation }),
      onReadFailure: () => metrics.readFailures.inc(),
      onLease: (outcome) => metrics.leases.inc({ outcome }),
      onNearDuplicateLookup: (outcome) => metrics.nearDuplicates.inc({ outcome }),
      onDeleted: (of, rows) => metrics.rowsDeleted.inc({ of }, rows),
      onMaintenanceFailure(error) {
        // The store's breaker has logged an outage.
        if (!isOutage(error)) log.warn({ err: error }, 'old rows could not be deleted for now');
      },
    },
  });
}
