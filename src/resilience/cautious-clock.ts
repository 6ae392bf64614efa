import { dayMs, minuteMs } from '../durations.ts';

export interface CautiousClockOptions {
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Monotonic milliseconds. */
  readonly elapsedMs?: (() => number) | undefined;
}

/** A difference that comes of small corrections, not of a jump. */
const correctionMs = minuteMs;
/** A machine that was suspended is right after a jump: one that lasts for that long is believed. */
const believedAfterMs = dayMs;

/**
 * Unix milliseconds by which things are deleted. A jump of the wall clock forward counts once it has lasted for a day:
 * what was deleted by mistake can't be brought back. Of several jumps only the part counts that lasted since the first
 * one. A jump backward counts at once.
 */
export function cautiousClock({
  now = Date.now,
  elapsedMs = () => performance.now(),
}: CautiousClockOptions = {}): () => number {
  let offsetMs = now() - elapsedMs();
  /** The wall clock is ahead since then, by this offset at least. */
  let ahead: { readonly sinceMs: number; leastMs: number } | undefined;
  return () => {
    const passedMs = elapsedMs();
    const statedMs = now() - passedMs;
    if (ahead) {
      ahead.leastMs = Math.min(ahead.leastMs, statedMs);
      if (passedMs - ahead.sinceMs >= believedAfterMs) {
        offsetMs = ahead.leastMs;
        ahead = undefined;
      }
    }
    if (statedMs - offsetMs > correctionMs) ahead ??= { sinceMs: passedMs, leastMs: statedMs };
    else {
      ahead = undefined;
      offsetMs = statedMs;
    }
    return offsetMs + passedMs;
  };
}
