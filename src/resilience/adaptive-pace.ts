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
/** Growth a call near a rate that is known to be refused: one refusal in some 200 calls finds out whether it still is. */
const creepPerCall = 0.0002;
/** Growth a second after a rate that was only guessed, and far below the best rate of late. */
const growths = { search: 0.05, climb: 0.4 } as const;
/** Without refusals for that long, more may be allowed than ever was seen; growth doubles every `doublingMs`. */
const calmMs = 20_000;
const doublingMs = 5_000;
/** After a refusal, before it grows faster than it creeps. */
const settleMs = 3_000;
const floorPerSecond = 0.2;

/**
 * Finds the rate that another side allows. A refusal cuts the rate by 3 % (7 % soon after the last one), or to what
 * really got through where that is far less; then it grows again, by what is likely.
 */
export function adaptivePace({ fixed, nowMs = () => performance.now() }: PaceOptions = {}): Pace {
  const starts = slidingCount(observedMs, nowMs);
  const refusals = slidingCount(observedMs, nowMs);
  const successes = slidingCount(observedMs, nowMs);
  let rate = fixed ?? Number.POSITIVE_INFINITY;
  /** The highest that is known to have been let in. */
  let best = 0;
  let firstAtMs = Number.NaN;
  let nextSlotMs = Number.NEGATIVE_INFINITY;
  let grownAtMs = 0;
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  let growing: 'creep' | keyof typeof growths = 'creep';

  /** What was let in of late; a call under way counts as let in, as refusals come soon. */
  function observedPerSecond() {
    const elapsedMs = Math.min(observedMs, Math.max(observedMs / 2, nowMs() - firstAtMs));
    return (Math.max(1, starts.count() - refusals.count()) / elapsedMs) * 1_000;
  }

  function growth(): number {
    const calm = nowMs() - refusedAtMs;
    if (growing !== 'creep' && calm > settleMs) return growths[growing];
    return Math.min(growths.climb, creepPerCall * rate * 2 ** Math.max(0, (calm - calmMs) / doublingMs));
  }

  function grow() {
    const elapsedS = Math.min(1_000, nowMs() - grownAtMs) / 1_000;
    grownAtMs = nowMs();
    rate *= 1 + growth() * elapsedS;
  }

  return {
    waitMs: () => Math.max(0, nextSlotMs - nowMs()),
    started(isBinding) {
      const now = nowMs();
      if (Number.isNaN(firstAtMs)) firstAtMs = now;
      starts.add();
      if (!Number.isFinite(rate)) return;
      const intervalMs = 1_000 / rate;
      // A timer that came late is made up for, by half a slot at most.
      nextSlotMs = Math.max(nextSlotMs, now - intervalMs / 2) + intervalMs;
      if (fixed === undefined && isBinding) grow();
      else grownAtMs = now;
    },
    succeeded: () => successes.add(),
    tooFast(startedAtMs) {
      refusals.add();
      if (successes.count() === 0) return false;
      if (fixed !== undefined || startedAtMs < refusedAtMs) return true;
      const isSoon = nowMs() - refusedAtMs < settleMs;
      const observed = observedPerSecond();
      // One call more or less in the window is chance.
      const isDrop = observed + 1_000 / observedMs < 0.85 * rate;
      // It has tried for the best of late and failed: that is less likely to be allowed still.
      if (growing === 'climb' && !isSoon) best *= 0.85;
      best = Math.max(best, Math.min(rate, observed));
      rate = Math.max(floorPerSecond, isDrop ? 0.97 * observed : (isSoon ? 0.93 : 0.97) * rate);
      growing = rate < 0.9 * best ? 'climb' : isDrop ? 'search' : 'creep';
      refusedAtMs = nowMs();
      nextSlotMs = Math.max(nextSlotMs, nowMs() + 1_000 / rate);
      return true;
    },
    get perSecond() {
      return rate;
    },
  };
}
