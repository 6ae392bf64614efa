import type { MonotonicClock } from './deadline.ts';

export interface ConcurrencyLimitOptions {
  /** Calls at once, to begin with. */
  readonly start: number;
  readonly ceiling: number;
  readonly nowMs: MonotonicClock;
}

/** What the limit remembers of a call while it is in flight. */
export interface LimitedCall {
  /** Calls started before it, and itself. */
  readonly order: number;
  /** Calls in flight when it started. */
  readonly others: number;
  /** Calls rejected before it started. */
  readonly rejected: number;
}

const firstTrialMs = 500;
const rarestTrialMs = 60_000;
/** After so long without a rejection the wall is forgotten: vendors raise limits, and a stray rejection is no wall. */
const forgottenMs = 120_000;
const timeoutDecrease = 0.7;

/**
 * How many calls may be in flight at once. It grows by one with each answer while it is what binds, so it doubles in a
 * round trip. A rejection shows where the wall is: at the calls that were in flight and not rejected. Above a wall one
 * call at a time is tried, the more rarely the more often that was rejected.
 */
export class ConcurrencyLimit {
  readonly #first: number;
  readonly #ceiling: number;
  readonly #nowMs: MonotonicClock;
  #limit: number;
  #wall = Number.POSITIVE_INFINITY;
  #wallBefore = Number.POSITIVE_INFINITY;
  /** Every call of a round trip was rejected: the next one goes alone. */
  #isAlone = false;
  #started = 0;
  #rejected = 0;
  /** Calls started before the last decrease have nothing new to say. */
  #decrease = { order: 0, atMs: Number.NEGATIVE_INFINITY };
  /** A call in flight that is one more than the limit, to see whether it is accepted. */
  #trial: LimitedCall | undefined;
  #trialEveryMs = firstTrialMs;
  #trialAtMs = Number.NEGATIVE_INFINITY;

  constructor({ start, ceiling, nowMs }: ConcurrencyLimitOptions) {
    this.#first = Math.min(start, ceiling);
    this.#limit = this.#first;
    this.#ceiling = ceiling;
    this.#nowMs = nowMs;
  }

  get current(): number {
    if (this.#nowMs() - this.#decrease.atMs >= forgottenMs) this.#forget();
    return this.#isAlone ? 1 : this.#limit;
  }

  /** Milliseconds until one more call may start: 0 for now, Infinity if a call in flight has to end first. */
  waitMs(inFlight: number): number {
    // Rejections come soon: what has not been rejected by now is accepted.
    if (this.#trial && this.#nowMs() >= this.#trialAtMs) this.#acceptTrial();
    if (inFlight < this.current) return 0;
    const isAtWall = this.#limit >= this.#wall && this.#limit < this.#ceiling;
    const mayTry = inFlight === this.#limit && !this.#isAlone && isAtWall;
    return mayTry ? Math.max(0, this.#trialAtMs - this.#nowMs()) : Number.POSITIVE_INFINITY;
  }

  /** @param inFlight calls in flight beside it */
  start(inFlight: number): LimitedCall {
    const call = { order: ++this.#started, others: inFlight, rejected: this.#rejected };
    if (inFlight >= this.current && this.waitMs(inFlight) === 0) {
      this.#trial = call;
      this.#trialAtMs = this.#nowMs() + this.#trialEveryMs;
    }
    return call;
  }

  /** @param isBinding the limit was what kept others waiting */
  succeeded(call: LimitedCall, isBinding: boolean): void {
    const grows = isBinding && !this.#isAlone && this.#limit < this.#wall;
    this.#isAlone = false;
    if (call === this.#trial) this.#acceptTrial();
    else if (grows) this.#limit = Math.min(this.#ceiling, this.#limit + 1);
  }

  /**
   * @param inFlight calls still in flight
   * @returns false where no other call was accepted meanwhile: it was not their number, then
   */
  rejected(call: LimitedCall, inFlight: number): boolean {
    const accepted = Math.max(inFlight, call.others - (this.#rejected++ - call.rejected));
    const most = Math.max(this.#limit - 1, call.others);
    this.#isFirstOfRoundTrip(call);
    if (call === this.#trial) this.#trialEveryMs = Math.min(rarestTrialMs, this.#trialEveryMs * 2);
    this.ended(call);
    if (accepted === 0) {
      this.#wall = this.#wallBefore;
      this.#isAlone = true;
      return false;
    }
    this.#limit = Math.max(1, Math.min(accepted, this.#limit, most));
    this.#wall = this.#limit;
    this.#trialAtMs = this.#nowMs() + this.#trialEveryMs;
    return true;
  }

  timedOut(call: LimitedCall, inFlight: number): void {
    this.ended(call);
    if (inFlight > 0 && this.#isFirstOfRoundTrip(call))
      this.#limit = Math.max(1, Math.floor(this.#limit * timeoutDecrease));
  }

  /** It says nothing about the limit. */
  ended(call: LimitedCall): void {
    if (call === this.#trial) this.#trial = undefined;
  }

  #forget(): void {
    this.#decrease = { order: this.#decrease.order, atMs: Number.POSITIVE_INFINITY };
    this.#wall = Number.POSITIVE_INFINITY;
    this.#limit = Math.max(this.#limit, this.#first);
    this.#isAlone = false;
    this.#trialEveryMs = firstTrialMs;
  }

  #acceptTrial(): void {
    this.#trial = undefined;
    this.#wall = Math.max(this.#wall, this.#limit + 1);
    this.#limit = Math.min(this.#ceiling, this.#limit + 1);
    this.#trialEveryMs = Math.max(firstTrialMs, this.#trialEveryMs / 4);
    this.#trialAtMs = this.#nowMs() + this.#trialEveryMs;
  }

  #isFirstOfRoundTrip({ order }: LimitedCall): boolean {
    if (order <= this.#decrease.order) return false;
    this.#decrease = { order: this.#started, atMs: this.#nowMs() };
    this.#wallBefore = this.#wall;
    return true;
  }
}
