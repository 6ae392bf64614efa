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

/** The same deadline, `marginMs` earlier. */
export function earlier(deadline: Deadline, marginMs: number): Deadline {
  return { leftMs: () => Math.max(0, deadline.leftMs() - marginMs) };
}
