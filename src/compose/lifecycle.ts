import type { Logger } from 'pino';
import type { Cache } from '../cache/open-cache.ts';
import type { AlbumLane } from '../classify/album-lane.ts';
import type { Config } from '../config.ts';
import type { Pool } from '../image/pool/pool.ts';
import type { Text } from '../messages/text.ts';
import type { Stats } from '../stats/open-stats.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { StoreJournal } from '../store/journal/with-journal.ts';
import type { Lookups } from '../store/read-replica.ts';
import type { BreakerStore } from '../store/store-breaker.ts';
import type { Vision } from '../vision/open-vision.ts';

export interface Lifecycle {
  /** False while starting, and after SIGTERM. */
  isReady(): boolean;
  /** Resolves when photos can be classified, or it is known that they can't for now. */
  ready(): Promise<void>;
  /** Notices about the LLMs, once their vendors answered: a matter of seconds. */
  modelNotices(): Promise<readonly Text[]>;
  /** From now on not ready: an orchestrator sends no more requests. */
  stopTaking(): void;
  /** Finishes what is in progress, flushes records, leaves no process behind. */
  close(): Promise<void>;
}

export interface LifecycleParts {
  readonly log: Logger;
  readonly store: BreakerStore;
  readonly journal: Pick<StoreJournal, 'start' | 'close'>;
  readonly grouped: Pick<GroupCommit, 'flush'>;
  readonly lookups: Pick<Lookups, 'close'>;
  readonly stats: Pick<Stats, 'start' | 'stop'>;
  readonly cache: Pick<Cache, 'start' | 'close'>;
  readonly images: { readonly pool: Pick<Pool, 'ready'>; close(): Promise<void> };
  readonly vision: Vision | undefined;
  readonly albumLane: Pick<AlbumLane, 'stop' | 'close'> | undefined;
  readonly fallbacks: { flush(): void };
}

/** Starts the parts of the service, and closes them in reverse. */
export function openLifecycle(config: Config, parts: LifecycleParts): Lifecycle {
  const { log, store, journal, grouped, lookups, stats, cache, images, vision, albumLane, fallbacks } = parts;
  let isReady = false;
  let modelsChecked: Promise<void> | undefined;
  return {
    isReady: () => isReady,
    async modelNotices() {
      await modelsChecked;
      return vision?.models.notices() ?? [];
    },
    async ready() {
      if (config.strategy !== 'local-only') modelsChecked = vision?.models.start();
      const [isUp] = await Promise.all([
        store.start(),
        images.pool.ready().catch((error) => log.error({ err: error }, 'no photo can be classified for now')),
      ]);
      if (isUp) {
        const warning = await store.checkConnections(config.workers).catch(() => undefined);
        if (warning) log.warn(warning);
      }
      journal.start();
      await cache.start();
      if (config.claimTrust === 'all')
        log.warn(
          'CLAIM_TRUST=all: a client that uploads a photo decides what any hash means for all clients',
        );
      await stats.start();
      isReady = true;
    },
    stopTaking() {
      isReady = false;
      albumLane?.stop();
    },
    async close() {
      await albumLane?.close();
      await vision?.close();
      fallbacks.flush();
      await images.close();
      await cache.close();
      await stats.stop();
      await grouped.flush();
      await journal.close();
      await Promise.all([store.close(), lookups.close()]);
    },
  };
}
