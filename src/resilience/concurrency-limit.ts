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
  /** Milliseconds until one more may start beside so many: 0 for now, Infinity where one of them has to end first. */
  roomMs(inFlight: number): number;
  /** @param inFlight calls under way beside it */
  begin(inFlight: number): LimitedCall;
  /** @param isBinding the limit was what kept others waiting */
  succeeded(call: LimitedCall, isBinding: boolean): void;
  /**
   * @param inFlight calls still under way
   * @returns false where no other call was let in meanwhile: it was not their number, then
   */
  refused(call: LimitedCall, inFlight: number): boolean;
  timedOut(call: LimitedCall, inFlight: number): void;
  /** It says nothing about the limit. */
  ended(call: LimitedCall): void;
}

const firstTrialMs = 500;
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

  /** A trial has been let in: the next one may come sooner. */
  function pass() {
    trial = undefined;
    wall = Math.max(wall, limit + 1);
    limit = Math.min(ceiling, limit + 1);
    trialEveryMs = Math.max(firstTrialMs, trialEveryMs / 4);
    trialAtMs = nowMs() + trialEveryMs;
  }

  function roomMs(inFlight: number): number {
    // Refusals come soon: what has not been refused by now is let in.
    if (trial && nowMs() >= trialAtMs) pass();
    if (inFlight < current()) return 0;
    const mayTry = inFlight === limit && !isScouting && limit >= wall && limit < ceiling;
    return mayTry ? Math.max(0, trialAtMs - nowMs()) : Number.POSITIVE_INFINITY;
  }

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
    roomMs,
    begin(inFlight) {
      const call = { order: ++begun, others: inFlight, refused };
      if (inFlight >= current() && roomMs(inFlight) === 0) {
        trial = call;
        trialAtMs = nowMs() + trialEveryMs;
      }
      return call;
    },
    succeeded(call, isBinding) {
      const isBound = isBinding && !isScouting;
      isScouting = false;
      if (call === trial) pass();
      else if (isBound && limit < wall) limit = Math.min(ceiling, limit + 1);
    },
    refused(call, inFlight) {
      const letIn = Math.max(inFlight, call.others - (refused++ - call.refused));
      const most = Math.max(limit - 1, call.others);
      shrinks(call);
      if (call === trial) trialEveryMs = Math.min(rarestTrialMs, trialEveryMs * 2);
      end(call);
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
