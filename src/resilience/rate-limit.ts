import type { MonotonicClock } from './deadline.ts';

/** What the other side says of its own rate. */
export interface Allowance {
  /** Calls that it still takes until `resetMs` have passed. */
  readonly remaining: number;
  readonly resetMs: number;
  /** Calls that it takes in such a time altogether, where it says so. */
  readonly limit?: number;
}

/** When calls may start: as the operator says, as the other side says, and not right after it has let nobody in. */
export interface RateLimit {
  /** Milliseconds until the next call may start; 0 for now. */
  restMs(): number;
  /** @returns the call's number, which comes back with what is stated */
  started(): number;
  succeeded(): void;
  stated(allowance: Allowance, call: number, isRefusal: boolean): void;
  /** A call was refused beside which no other was let in. */
  refusedAlone(): void;
  /** Forgets its own rests; what was stated still holds. */
  reset(): void;
}

/** After a call that was refused alone; twice as long after each further one, half as long after each answer. */
const rest = { baseMs: 500, capMs: 8_000 };
/** What is used up may come back all at once or little by little: a share of it is asked for after so long. */
const portionMs = 1_000;
/** Two clocks and a network are never quite in step. */
const margin = 1.05;

/** @param perSecond evenly spaced, so that no window of the other side sees more than its share; any number where absent */
export function rateLimit(perSecond: number | undefined, nowMs: MonotonicClock): RateLimit {
  let begun = 0;
  let slotAtMs = Number.NEGATIVE_INFINITY;
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  let alone = 0;
  /** As the other side counts: so many calls in so long, so many of them left. */
  let [limit, periodMs, left] = [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY];
  /** When there is more, once nothing is left. */
  let moreAtMs: number | undefined;
  /** The last call that was counted before that. */
  let countedBefore = 0;

  const waitForMoreMs = () => Math.max(Math.min(periodMs, portionMs), periodMs / limit) * margin;

  function refill() {
    if (moreAtMs === undefined || nowMs() < moreAtMs) return;
    left = Math.max(1, Math.floor((limit * waitForMoreMs()) / Math.max(1, periodMs)));
    moreAtMs = Number.isFinite(limit) ? nowMs() + waitForMoreMs() : undefined;
    countedBefore = begun;
  }

  return {
    restMs() {
      refill();
      const more = left > 0 ? 0 : (moreAtMs ?? 0);
      return Math.max(0, Math.max(slotAtMs, restsUntilMs, more) - nowMs());
    },
    started() {
      refill();
      if (--left <= 0) moreAtMs ??= nowMs() + waitForMoreMs();
      if (perSecond !== undefined) {
        // A timer that came late is made up for, by half a slot at most.
        const isLate = nowMs() - slotAtMs < 500 / perSecond;
        slotAtMs = (isLate ? slotAtMs : nowMs()) + 1_000 / perSecond;
      }
      return ++begun;
    },
    succeeded() {
      alone = Math.max(0, alone - 1);
    },
    stated({ remaining, resetMs, limit: stated = Number.POSITIVE_INFINITY }, call, isRefusal) {
      refill();
      periodMs = stated === limit ? Math.max(periodMs, resetMs) : resetMs;
      limit = stated;
      // Of an earlier count.
      if (!isRefusal && call <= countedBefore) return;
      left = isRefusal ? 0 : remaining - (begun - call);
      if (isRefusal) moreAtMs = nowMs() + resetMs;
      else if (left > 0) moreAtMs = undefined;
      else moreAtMs ??= nowMs() + (Number.isFinite(limit) ? waitForMoreMs() : resetMs);
    },
    refusedAlone() {
      restsUntilMs = nowMs() + Math.min(rest.capMs, rest.baseMs * 2 ** alone++);
    },
    reset() {
      alone = 0;
      restsUntilMs = Number.NEGATIVE_INFINITY;
    },
  };
}
