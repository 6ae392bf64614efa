import type { MonotonicClock } from './deadline.ts';

export interface ConcurrencyLimitOptions {
  /** Calls at once, to begin with. */
  readonly start: number;
  readonly ceiling: number;
  readonly nowMs: MonotonicClock;
}

/** What the limit remembers of a call while it is under way. */
export interface LimitedCall {
  /** Calls begun before it, and itself. */
  readonly order: number;
  /** Calls under way when it began. */
  readonly others: number;
  /** Calls refused before it began. */
  readonly refused: number;
}

/**
 * How many calls may be under way at once. It grows by one with each answer while it is what binds, so it doubles in a
 * round trip. A refusal shows where the wall is: at the calls that were under way and not refused. Above a wall one
 * call at a time is tried, the more rarely the more often that was refused.
 */
export interface ConcurrencyLimit {
  readonly current: number;
  /** Whether one more may start beside so many. */
  hasRoom(inFlight: number): boolean;
  /** @param inFlight calls under way beside it */
  begin(inFlight: number): LimitedCall;
  /** Calls begun after that one. */
  begunSince(call: LimitedCall): number;
  /** @param isBinding the limit was what kept others waiting */
  succeeded(call: LimitedCall, isBinding: boolean): void;
  /**
   * @param inFlight calls still under way
   * @param isStated the other side says that it is a matter of time
   * @returns false where no other call was let in meanwhile: it was not their number, then
   */
  refused(call: LimitedCall, inFlight: number, isStated: boolean): boolean;
  timedOut(call: LimitedCall, inFlight: number): void;
  /** It says nothing about the limit. */
  ended(call: LimitedCall): void;
}

const firstTrialMs = 500;
/** Whoever states a rate refuses what is tried before its next window. */
const statedTrialMs = 20_000;
const rarestTrialMs = 60_000;
/** A wall is forgotten that nobody has run into for that long: limits are raised, and a stray refusal is no wall. */
const forgottenMs = 120_000;
const timeoutDecrease = 0.7;

export function concurrencyLimit({ start, ceiling, nowMs }: ConcurrencyLimitOptions): ConcurrencyLimit {
  const first = Math.min(start, ceiling);
  let limit = first;
  let wall = Number.POSITIVE_INFINITY;
  let wallBefore = wall;
  /** Every call of a round trip was refused: the next one goes alone. */
  let isScouting = false;
  let begun = 0;
  let refused = 0;
  /** Calls begun before the last shrink have nothing new to say. */
  let shrunkAt = { order: 0, ms: Number.NEGATIVE_INFINITY };
  /** A call under way that is one more than the limit, to see whether that is let in. */
  let trial: LimitedCall | undefined;
  let trialEveryMs = firstTrialMs;
  let trialAtMs = Number.NEGATIVE_INFINITY;

  function forget() {
    if (nowMs() - shrunkAt.ms < forgottenMs) return;
    shrunkAt = { order: shrunkAt.order, ms: Number.POSITIVE_INFINITY };
    wall = Number.POSITIVE_INFINITY;
    limit = Math.max(limit, first);
    isScouting = false;
    trialEveryMs = firstTrialMs;
  }

  function current(): number {
    forget();
    return isScouting ? 1 : limit;
  }

  const mayTry = () =>
    trial === undefined && !isScouting && limit >= wall && limit < ceiling && nowMs() >= trialAtMs;

  /** @returns whether it is the first of its round trip */
  function shrinks({ order }: LimitedCall): boolean {
    if (order <= shrunkAt.order) return false;
    shrunkAt = { order: begun, ms: nowMs() };
    wallBefore = wall;
    return true;
  }

  function end(call: LimitedCall) {
    if (call === trial) trial = undefined;
  }

  return {
    get current() {
      return current();
    },
    hasRoom: (inFlight) => inFlight < current() || (inFlight === limit && mayTry()),
    begin(inFlight) {
      const call = { order: ++begun, others: inFlight, refused };
      if (inFlight === limit && mayTry()) {
        trial = call;
        trialAtMs = nowMs() + trialEveryMs;
      }
      return call;
    },
    begunSince: ({ order }) => begun - order,
    succeeded(call, isBinding) {
      const isBound = isBinding && !isScouting;
      isScouting = false;
      const isThrough = call === trial && limit >= wall;
      end(call);
      if (isThrough) {
        wall++;
        trialEveryMs = Math.max(firstTrialMs, trialEveryMs / 4);
        trialAtMs = nowMs() + trialEveryMs;
      }
      if (isThrough || (isBound && limit < wall)) limit = Math.min(ceiling, limit + 1);
    },
    refused(call, inFlight, isStated) {
      const letIn = Math.max(inFlight, call.others - (refused++ - call.refused));
      const most = Math.max(limit - 1, call.others);
      shrinks(call);
      if (call === trial) trialEveryMs = Math.min(rarestTrialMs, trialEveryMs * 2);
      end(call);
      if (isStated) trialEveryMs = Math.max(trialEveryMs, statedTrialMs);
      if (letIn === 0) {
        wall = wallBefore;
        isScouting = true;
        return false;
      }
      limit = Math.max(1, Math.min(letIn, limit, most));
      wall = limit;
      trialAtMs = nowMs() + trialEveryMs;
      return true;
    },
    timedOut(call, inFlight) {
      end(call);
      if (inFlight > 0 && shrinks(call)) limit = Math.max(1, Math.floor(limit * timeoutDecrease));
    },
    ended: end,
  };
}
