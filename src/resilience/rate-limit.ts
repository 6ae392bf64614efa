import type { MonotonicClock } from './deadline.ts';

/** What the other side says of its own rate. */
export interface Allowance {
  /** Calls that it still takes until `resetMs` have passed. */
  readonly remaining: number;
  readonly resetMs: number;
  /** Calls that it takes in such a time altogether, where it says so. */
  readonly limit?: number;
}

/** The first pause after a call that was rejected alone; it doubles with each further one and halves with each answer. */
const pause = { baseMs: 500, capMs: 8_000 };
/** What is used up may come back all at once or little by little: a share of it is asked for after so long. */
const portionMs = 1_000;
/** Two clocks and a network are never quite in step. */
const margin = 1.05;

/** When calls may start: as the operator says, as the other side says, and not right after it rejected a call alone. */
export class RateLimit {
  readonly #perSecond: number | undefined;
  readonly #nowMs: MonotonicClock;
  #started = 0;
  #slotAtMs = Number.NEGATIVE_INFINITY;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #rejectedAlone = 0;
  /** The other side's count: calls per period, and how many are left. */
  #limit = Number.POSITIVE_INFINITY;
  #periodMs = 0;
  #left = Number.POSITIVE_INFINITY;
  /** When there is more, once nothing is left. */
  #moreAtMs: number | undefined;
  /** The last call that was counted before that. */
  #countedBefore = 0;

  /** @param perSecond evenly spaced, so that no window of the other side sees more than its share; any number where absent */
  constructor(perSecond: number | undefined, nowMs: MonotonicClock) {
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
  }

  /** Milliseconds until the next call may start; 0 for now. */
  waitMs(): number {
    this.#refill();
    const moreAtMs = this.#left > 0 ? 0 : (this.#moreAtMs ?? 0);
    return Math.max(0, Math.max(this.#slotAtMs, this.#pausedUntilMs, moreAtMs) - this.#nowMs());
  }

  /** @returns the call's number, which comes back with what is stated */
  start(): number {
    this.#refill();
    if (--this.#left <= 0) this.#moreAtMs ??= this.#nowMs() + this.#refillMs();
    if (this.#perSecond !== undefined) {
      // A timer that came late is made up for, by half a slot at most.
      const isLate = this.#nowMs() - this.#slotAtMs < 500 / this.#perSecond;
      this.#slotAtMs = (isLate ? this.#slotAtMs : this.#nowMs()) + 1_000 / this.#perSecond;
    }
    return ++this.#started;
  }

  succeeded(): void {
    this.#rejectedAlone = Math.max(0, this.#rejectedAlone - 1);
  }

  /** @param call its number */
  stated(
    { remaining, resetMs, limit = Number.POSITIVE_INFINITY }: Allowance,
    call: number,
    isRejection: boolean,
  ): void {
    this.#refill();
    this.#periodMs = limit === this.#limit ? Math.max(this.#periodMs, resetMs) : resetMs;
    this.#limit = limit;
    // Of an earlier count.
    if (!isRejection && call <= this.#countedBefore) return;
    this.#left = isRejection ? 0 : remaining - (this.#started - call);
    if (isRejection) this.#moreAtMs = this.#nowMs() + resetMs;
    else if (this.#left > 0) this.#moreAtMs = undefined;
    else this.#moreAtMs ??= this.#nowMs() + (Number.isFinite(limit) ? this.#refillMs() : resetMs);
  }

  /** A call was rejected beside which no other was accepted. */
  rejectedAlone(): void {
    this.#pausedUntilMs = this.#nowMs() + Math.min(pause.capMs, pause.baseMs * 2 ** this.#rejectedAlone++);
  }

  /** Forgets its own pauses; what was stated still holds. */
  reset(): void {
    this.#rejectedAlone = 0;
    this.#pausedUntilMs = Number.NEGATIVE_INFINITY;
  }

  #refillMs(): number {
    return Math.max(Math.min(this.#periodMs, portionMs), this.#periodMs / this.#limit) * margin;
  }

  #refill(): void {
    if (this.#moreAtMs === undefined || this.#nowMs() < this.#moreAtMs) return;
    this.#left = Math.max(1, Math.floor((this.#limit * this.#refillMs()) / Math.max(1, this.#periodMs)));
    this.#moreAtMs = Number.isFinite(this.#limit) ? this.#nowMs() + this.#refillMs() : undefined;
    this.#countedBefore = this.#started;
  }
}
