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
 * what was deleted by mistake can't be brought back. A jump backward counts at once.
 */
export function cautiousClock({
  now = Date.now,
  elapsedMs = () => performance.now(),
}: CautiousClockOptions = {}): () => number {
  let offsetMs = now() - elapsedMs();
  let aheadSinceMs: number | undefined;
  return () => {
    const passedMs = elapsedMs();
    const stated = now() - passedMs;
    if (stated - offsetMs > correctionMs) aheadSinceMs ??= passedMs;
    else aheadSinceMs = undefined;
    if (aheadSinceMs === undefined || passedMs - aheadSinceMs >= believedAfterMs) {
      offsetMs = stated;
      aheadSinceMs = undefined;
    }
    return offsetMs + passedMs;
  };
}
