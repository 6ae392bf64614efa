import type { ResultCache } from '../cache/result-cache.ts';
import { type AlbumLane, openAlbumLane } from '../classify/album-lane.ts';
import type { Config } from '../config.ts';
import { openAlbumLaneMetrics } from '../stats/metrics/album-lane-metrics.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import type { Vision } from '../vision/open-vision.ts';
import type { LocalModel } from './local-model.ts';

export interface AlbumLaneSources {
  readonly vision: Vision | undefined;
  readonly local: Pick<LocalModel, 'isProvisional'>;
  readonly results: Pick<ResultCache, 'claim'>;
  readonly metrics: Pick<Metrics, 'registry'>;
}

/** More than the vendor takes: the limit grows only while calls wait. */
const waitingCalls = 2;

/** The album lane with its metrics; undefined without a provider for it. */
export function composeAlbumLane(
  { llm, strategy }: Config,
  { vision, local, results, metrics: { registry } }: AlbumLaneSources,
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
  });
  laneMetrics.watch(lane.state);
  return lane;
}
