export interface AdaptiveLimitOptions {
  /** At work at once, to begin with. */
  readonly start: number;
  readonly floor: number;
  readonly ceiling: number;
}

/** How many may be at work at once: additive increase, multiplicative decrease. */
export interface AdaptiveLimit {
  /** Whole, from floor to ceiling. */
  readonly current: number;
  /** @param wasFull as many were at work as may, so that the limit was what bound */
  succeeded(wasFull: boolean): void;
  /** @param startedAtMs of the call that was one too many: those that began before the last cut say nothing new */
  overloaded(startedAtMs: number, nowMs: number): void;
}

const decrease = 0.7;

export function adaptiveLimit({ start, floor, ceiling }: AdaptiveLimitOptions): AdaptiveLimit {
  const bounded = (value: number) => Math.min(ceiling, Math.max(floor, value));
  let limit = bounded(start);
  /** What has worked before: up to there it grows back fast. */
  let proven = limit;
  let hasSucceeded = true;
  let cutAtMs = Number.NEGATIVE_INFINITY;
  return {
    get current() {
      return Math.floor(limit);
    },
    succeeded(wasFull) {
      hasSucceeded = true;
      if (wasFull) limit = bounded(limit + (limit < proven * 0.9 ? 1 : 1 / limit));
    },
    overloaded(startedAtMs, nowMs) {
      if (startedAtMs < cutAtMs) return;
      cutAtMs = nowMs;
      // A row of cuts with no success between is an outage; it does not unlearn what worked.
      if (hasSucceeded) proven = limit;
      hasSucceeded = false;
      limit = bounded(limit * decrease);
    },
  };
}
