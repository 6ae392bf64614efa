import type { MonotonicClock } from './deadline.ts';

export interface RetryBudgetOptions {
  /** Retries for each first call within the window, 0.1 for one in ten. */
  readonly ratio: number;
  /** Retries that any window may have, so that quiet times retry at all. */
  readonly floor: number;
  readonly windowMs: number;
  readonly nowMs?: MonotonicClock;
}

/** Bounds retries to a share of first calls in a sliding window, so that an outage is not multiplied. */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  readonly #nowMs: MonotonicClock;
  /** When they were, oldest first. */
  #firstCalls: number[] = [];
  #retries: number[] = [];

  constructor(options: RetryBudgetOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  addFirstCall(): void {
    this.#firstCalls = this.#recent(this.#firstCalls);
    this.#firstCalls.push(this.#nowMs());
  }

  /** Counts a retry where one may be made; false where not. */
  tryRetry(): boolean {
    const { ratio, floor } = this.#options;
    this.#firstCalls = this.#recent(this.#firstCalls);
    this.#retries = this.#recent(this.#retries);
    if (this.#retries.length >= Math.max(floor, ratio * this.#firstCalls.length)) return false;
    this.#retries.push(this.#nowMs());
    return true;
  }

  #recent(times: number[]): number[] {
    const fromMs = this.#nowMs() - this.#options.windowMs;
    const index = times.findIndex((atMs) => atMs > fromMs);
    return index === 0 ? times : times.slice(index === -1 ? times.length : index);
  }
}
