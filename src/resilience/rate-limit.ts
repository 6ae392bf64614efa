import type { MonotonicClock } from './deadline.ts';

/** What the other side says of its own rate: how many more it takes until when. */
export interface Allowance {
  readonly remaining: number;
  readonly resetMs: number;
}

/** When calls may start: as the operator says, as the other side says, and not right after it has let nobody in. */
export interface RateLimit {
  /** Milliseconds until the next call may start; 0 for now. */
  restMs(): number;
  started(): void;
  succeeded(): void;
  /** @param begunSince calls that the other side had not counted when it said so */
  stated(allowance: Allowance, begunSince: number): void;
  /** A call was refused beside which no other was let in. */
  refusedAlone(): void;
  /** Forgets its own rests; what was stated still holds. */
  reset(): void;
}

/** After a call that was refused alone; twice as long after each further one in a row. */
const rest = { baseMs: 500, capMs: 8_000 };

/** @param perSecond evenly spaced, so that no window of the other side sees more than its share; any number where absent */
export function rateLimit(perSecond: number | undefined, nowMs: MonotonicClock): RateLimit {
  let slotAtMs = Number.NEGATIVE_INFINITY;
  let statedUntilMs = Number.NEGATIVE_INFINITY;
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  let alone = 0;
  return {
    restMs: () => Math.max(0, Math.max(slotAtMs, statedUntilMs, restsUntilMs) - nowMs()),
    started() {
      // A timer that came late is made up for, by half a slot at most.
      if (perSecond !== undefined)
        slotAtMs = Math.max(slotAtMs, nowMs() - 500 / perSecond) + 1_000 / perSecond;
    },
    succeeded() {
      alone = 0;
    },
    stated({ remaining, resetMs }, begunSince) {
      if (remaining <= begunSince) statedUntilMs = Math.max(statedUntilMs, nowMs() + resetMs);
    },
    refusedAlone() {
      restsUntilMs = nowMs() + Math.min(rest.capMs, rest.baseMs * 2 ** alone++);
    },
    reset() {
      restsUntilMs = Number.NEGATIVE_INFINITY;
    },
  };
}
