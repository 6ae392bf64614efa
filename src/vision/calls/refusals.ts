import { LRUCache } from 'lru-cache';
import { isRecent } from '../../resilience/recent.ts';

/** Which photos vendors refused recently. */
export interface RefusalMemory {
  /** Never rejects: a photo counts as new where the store can't answer. */
  has(sha256: string): Promise<boolean>;
  /** Never rejects. */
  add(sha256: string): Promise<void>;
}

/** Where all processes keep them. */
export interface RefusalStore {
  /** Unix milliseconds until which the photo is not sent; undefined where no vendor refused it. */
  findRefusal(refusal: { sha256: string; version: string }): Promise<number | undefined>;
  saveRefusal(refusal: { sha256: string; version: string; until: number }): Promise<void>;
}

export interface RefusalMemoryOptions {
  readonly store: RefusalStore;
  /** Of taxonomy and prompt: another question may be answered. */
  readonly version: string;
  readonly ttlMs: number;
  readonly onFailure: (error: unknown) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

const maxRemembered = 10_000;
/** How long memory alone counts: another process may delete the refusal from the store. */
const memoryMs = 30_000;

export function openRefusalMemory(options: RefusalMemoryOptions): RefusalMemory {
  const { store, version, ttlMs, onFailure, now = Date.now } = options;
  const refusals = new LRUCache<string, { until: number; at: number }>({ max: maxRemembered });
  return {
    async has(sha256) {
      const known = refusals.get(sha256);
      const isKnown = known !== undefined && known.until > now();
      if (isKnown && isRecent(known.at, memoryMs, now())) return true;
      try {
        const until = await store.findRefusal({ sha256, version });
        if (until === undefined || until <= now()) {
          refusals.delete(sha256);
          return false;
        }
        refusals.set(sha256, { until, at: now() });
        return true;
      } catch (error) {
        onFailure(error);
        return isKnown;
      }
    },
    async add(sha256) {
      const until = now() + ttlMs;
      refusals.set(sha256, { until, at: now() });
      await store.saveRefusal({ sha256, version, until }).catch(onFailure);
    },
  };
}
