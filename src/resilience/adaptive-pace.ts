import type { MonotonicClock } from './deadline.ts';
import { slidingCount } from './retry-budget.ts';

export interface PaceOptions {
  /** Calls a second, fixed; learnt from refusals where absent. */
  readonly fixed?: number;
  readonly nowMs?: MonotonicClock;
}

/** How fast calls may start. Evenly spaced, so that no window of a vendor sees more than its share. */
export interface Pace {
  /** Milliseconds until the next call may start; 0 for now. */
  waitMs(): number;
  /** @param isBinding another call waits for nothing but the pace */
  started(isBinding: boolean): void;
  succeeded(): void;
  /**
   * A call was refused as too many, where others get through.
   * @param startedAtMs of that call
   * @returns false where nothing gets through at all: that is an outage, and says nothing about a rate
   */
  tooFast(startedAtMs: number): boolean;
  /** Calls a second; Infinity while nothing has ever been refused. */
  readonly perSecond: number;
}

const observedMs = 2_000;
/** Growth a second near what the other side is known to refuse: one refusal in about ten seconds. */
const slowGrowth = 0.004;
/** Growth a second where it is likely that far more is allowed. */
const fastGrowth = 0.4;
/** Without refusals for that long, more may be allowed than ever was seen; growth doubles every `doublingMs`. */
const calmMs = 20_000;
const doublingMs = 5_000;
/** After a refusal, before fast growth. */
const settleMs = 3_000;
const floorPerSecond = 0.2;

/**
 * Finds the rate that another side allows. A refusal cuts the rate by 3 %, or to what really got through where that
 * is far less; then it creeps up again. Far below the best rate of late it grows by 40 % a second, so that a limit
 * that was lowered and raised again is found within seconds.
 */
export function adaptivePace({ fixed, nowMs = () => performance.now() }: PaceOptions = {}): Pace {
  const successes = slidingCount(observedMs, nowMs);
  let rate = fixed ?? Number.POSITIVE_INFINITY;
  let best = 0;
  let firstAtMs = Number.NaN;
  let nextSlotMs = Number.NEGATIVE_INFINITY;
  let grownAtMs = 0;
  let refusedAtMs = Number.NEGATIVE_INFINITY;

  function observedPerSecond() {
    const elapsedMs = Math.min(observedMs, Math.max(1_000, nowMs() - firstAtMs));
    return (successes.count() / elapsedMs) * 1_000;
  }

  function growth(): number {
    const calm = nowMs() - refusedAtMs;
    if (rate < best * 0.9 && calm > settleMs) return fastGrowth;
    return Math.min(fastGrowth, slowGrowth * 2 ** Math.max(0, (calm - calmMs) / doublingMs));
  }

  function grow() {
    const elapsedS = Math.min(1_000, nowMs() - grownAtMs) / 1_000;
    grownAtMs = nowMs();
    rate *= 1 + growth() * elapsedS;
    best = Math.max(best, rate);
  }

  return {
    waitMs: () => Math.max(0, nextSlotMs - nowMs()),
    started(isBinding) {
      const now = nowMs();
      if (Number.isNaN(firstAtMs)) firstAtMs = now;
      if (!Number.isFinite(rate)) return;
      const intervalMs = 1_000 / rate;
      // A timer that came late is made up for, by half a slot at most.
      nextSlotMs = Math.max(nextSlotMs, now - intervalMs / 2) + intervalMs;
      if (fixed === undefined && isBinding) grow();
      else grownAtMs = now;
    },
    succeeded: () => successes.add(),
    tooFast(startedAtMs) {
      if (successes.count() === 0) return false;
      if (fixed !== undefined || startedAtMs < refusedAtMs) return true;
      const observed = observedPerSecond();
      const isDrop = observed < 0.85 * rate;
      const wasFast = rate < best * 0.9;
      rate = Math.max(floorPerSecond, 0.97 * (isDrop ? observed : rate));
      // What was the best of late is less and less likely to be allowed still.
      best = wasFast ? Math.max(rate, best * 0.85) : Math.max(rate, best);
      refusedAtMs = nowMs();
      nextSlotMs = Math.max(nextSlotMs, nowMs() + 1_000 / rate);
      return true;
    },
    get perSecond() {
      return rate;
    },
  };
}
