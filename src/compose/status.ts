import type { AlbumLane } from '../classify/album-lane.ts';
import type { Config } from '../config.ts';
import type { Health } from '../http/routes/health.ts';
import type { Pool } from '../image/pool/pool.ts';
import type { ServiceState } from '../stats/service-state.ts';
import type { StoreJournal } from '../store/journal/with-journal.ts';
import type { Lookups } from '../store/read-replica.ts';
import type { BreakerStore } from '../store/store-breaker.ts';
import type { Vision } from '../vision/open-vision.ts';

export interface StatusParts {
  readonly store: Pick<BreakerStore, 'isUp'>;
  readonly lookups: Pick<Lookups, 'isReplicaUp'>;
  readonly journal: Pick<StoreJournal, 'items'>;
  readonly pool: Pick<Pool, 'status'>;
  readonly vision: Vision | undefined;
  readonly albumLane: Pick<AlbumLane, 'state'> | undefined;
  isReady(): boolean;
}

/** The state of the service, from its parts: synchronous and cheap. */
export function openStatus(
  config: Config,
  { store, lookups, journal, pool, vision, albumLane, isReady }: StatusParts,
) {
  /** Every answer needs a decoder, and one of the two models. */
  function canAnswer(): boolean {
    const { ready, modelError } = pool.status();
    // One child may be restarting: the service takes photos until two starts have failed.
    return (ready > 0 || modelError === undefined) && (modelError === undefined || vision !== undefined);
  }

  return {
    state: (): ServiceState => ({
      isTaking: isReady(),
      isStoreUp: store.isUp(),
      isReplicaUp: lookups.isReplicaUp(),
      waitingWrites: journal.items(),
      claimTrust: config.claimTrust,
      children: pool.status(),
      ...(vision && { llm: vision.state() }),
      ...(albumLane && { albumLane: albumLane.state() }),
    }),
    health: (): Health => ({
      database: store.isUp() ? 'connected' : 'disconnected',
      modelApi: canAnswer() ? 'available' : 'unavailable',
      ...(vision && { llm: vision.health() }),
      llmModel: vision?.models.worst(),
      journalled: Object.values(journal.items()).reduce((sum, items) => sum + items, 0),
      claimTrust: config.claimTrust,
      llmFailure: vision?.worstFailure(),
    }),
    /** The number of album photos to process at once: follows the provider's limit. */
    photosAtOnce(): number {
      const calls = vision?.callsAtOnce() ?? 0;
      // More than the provider takes: the next photos are decoded during its calls.
      return calls + Math.max(config.inference.processes + 1, Math.ceil(calls / 2));
    },
  };
}
