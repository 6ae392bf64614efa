import type { ResultCache } from '../cache/result-cache.ts';
import { type AlbumLane, openAlbumLane } from '../classify/album-lane.ts';
import type { IsErased } from '../classify/album-queue.ts';
import type { Config } from '../config.ts';
import { openAlbumLaneMetrics } from '../stats/metrics/album-lane-metrics.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import type { Erasure } from '../store/entities.ts';
import { isErased } from '../store/journal/entries.ts';
import type { Store } from '../store/store.ts';
import type { Vision } from '../vision/open-vision.ts';
import type { LocalModel } from './local-model.ts';

export interface AlbumLaneSources {
  readonly vision: Vision | undefined;
  readonly local: Pick<LocalModel, 'isProvisional'>;
  readonly results: Pick<ResultCache, 'claim'>;
  readonly metrics: Pick<Metrics, 'registry'>;
  readonly store: Pick<Store, 'maintenance'>;
}

/** More than the vendor takes: the limit grows only while calls wait. */
const waitingCalls = 2;

export function erasedBy(erasures: readonly Erasure[]): IsErased {
  return ({ claimant = '', ...photo }) => isErased({ claimant, ...photo }, erasures);
}

/** The album lane with its metrics; undefined without a provider for it. */
export function composeAlbumLane(
  { llm, strategy }: Config,
  { vision, local, results, store, metrics: { registry } }: AlbumLaneSources,
): AlbumLane | undefined {
  const providers = vision?.albumLane;
  if (!llm || !providers || strategy === 'local-only') return undefined;
  const laneMetrics = openAlbumLaneMetrics(registry);
  const lane = openAlbumLane({
    maxBytes: llm.albumMemoryBytes,
    atOnce: () => providers.callsAtOnce() + waitingCalls,
    timeLimitMs: providers.timeLimitMs,
    isProvisional: local.isProvisional,
    onOutcome: laneMetrics.ended,
    onCopy: (claimant, claimed, content) => results.claim({ claimant, claimed, content }),
    findErased: async (since) => erasedBy(await store.maintenance.findErasures(since)),
  });
  laneMetrics.watch(lane.state);
  return lane;
}
