/** A point in time that every wait and call of one request must keep. Monotonic: a clock change can't move it. */
export interface Deadline {
  /** Milliseconds left, 0 when passed. */
  leftMs(): number;
}

export type MonotonicClock = () => number;

const monotonicMs: MonotonicClock = () => performance.now();

export function deadlineIn(durationMs: number, nowMs: MonotonicClock = monotonicMs): Deadline {
  const at = nowMs() + durationMs;
  return { leftMs: () => Math.max(0, at - nowMs()) };
}

/** A deadline whose time stands still until it is started. It never ends after `latest`. */
export function deadlineOnceStarted(
  durationMs: number,
  latest: Deadline,
  nowMs: MonotonicClock = monotonicMs,
): Deadline & { start(): void } {
  let at: number | undefined;
  return {
    leftMs: () => Math.min(latest.leftMs(), at === undefined ? durationMs : Math.max(0, at - nowMs())),
    start() {
      at ??= nowMs() + durationMs;
    },
  };
}

/** The same deadline, `marginMs` earlier. */
export function earlier(deadline: Deadline, marginMs: number): Deadline {
  return { leftMs: () => Math.max(0, deadline.leftMs() - marginMs) };
}
