import { LRUCache } from 'lru-cache';

/** Which photos a vendor has refused of late. */
export interface RefusalMemory {
  /** Never rejects: what can't be looked up, and is not remembered here, counts as new. */
  has(sha256: string): Promise<boolean>;
  /** Never rejects. */
  add(sha256: string): Promise<void>;
}

/** Where all processes keep them. */
export interface RefusalStore {
  /** Unix milliseconds until which the photo is not to be sent; undefined where nobody has refused it. */
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
/** How long memory alone is believed: the store may have been told to forget the photo meanwhile. */
const believedMs = 30_000;

export function openRefusalMemory(options: RefusalMemoryOptions): RefusalMemory {
  const { store, version, ttlMs, onFailure, now = Date.now } = options;
  const refusals = new LRUCache<string, { until: number; at: number }>({ max: maxRemembered });
  return {
    async has(sha256) {
      const known = refusals.get(sha256);
      const isKnown = known !== undefined && known.until > now();
      if (isKnown && now() - known.at < believedMs) return true;
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
