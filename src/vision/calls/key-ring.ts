import { createHash } from 'node:crypto';
import type { MonotonicClock } from '../../resilience/deadline.ts';
import type { VisionModel } from '../wire/vision-model.ts';

/** One key of a provider, and the model as that key reaches it. */
export interface Key {
  /** Logs show nothing else of it. */
  readonly fingerprint: string;
  readonly model: VisionModel;
}

export interface KeyRing {
  /** The healthy keys in turn; undefined where none is. */
  next(): Key | undefined;
  /** Puts a key aside for a while. */
  quarantine(key: Key): void;
  /** Milliseconds until a key may be used; 0 for now. */
  waitMs(): number;
  readonly healthy: number;
}

export interface KeyRingOptions {
  /** After that a quarantined key is tried again: access may have been granted. */
  readonly quarantineMs?: number;
  readonly nowMs?: MonotonicClock;
}

export function keyRing(keys: readonly Key[], options: KeyRingOptions = {}): KeyRing {
  const { quarantineMs = 60_000, nowMs = () => performance.now() } = options;
  const until = new Map<Key, number>();
  let turn = 0;
  const waitOf = (key: Key) => Math.max(0, (until.get(key) ?? 0) - nowMs());
  return {
    next() {
      for (let step = 0; step < keys.length; step++) {
        const key = keys[(turn + step) % keys.length];
        if (key === undefined || waitOf(key) > 0) continue;
        turn = (turn + step + 1) % keys.length;
        return key;
      }
      return undefined;
    },
    quarantine: (key) => void until.set(key, nowMs() + quarantineMs),
    waitMs: () => Math.min(...keys.map(waitOf)),
    get healthy() {
      return keys.filter((key) => waitOf(key) === 0).length;
    },
  };
}

/** First 8 hex digits of a key's SHA-256. */
export function fingerprintOf(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex').slice(0, 8);
}
