import { ConcurrencyLimit, type LimitedCall } from './concurrency-limit.ts';
import type { MonotonicClock } from './deadline.ts';
import { type Allowance, RateLimit } from './rate-limit.ts';

/** How a call ended. `rejected`: the other side takes no more for now, at once or in a time. */
export type Outcome = 'succeeded' | 'rejected' | 'timed_out' | 'other';

/** Allows one call. */
export interface Permit {
  /** Milliseconds waited for it. */
  readonly waitedMs: number;
  /**
   * Gives it back. Calling it again does nothing.
   * @returns false for a rejection that the number of calls can't explain: no other call was accepted beside it
   */
  release(outcome: Outcome, allowance?: Allowance): boolean;
}

export interface PermitRequest {
  /** Smaller goes first, 0 being the most urgent. It may change during the wait. */
  readonly priority: () => number;
  /** Of equals, the one whose key has the fewest calls in flight goes first. */
  readonly fairnessKey?: string;
  /** Of equals of one key, the smallest goes first. */
  readonly arrival?: number;
  /** It waited before: a full queue takes it back. */
  readonly isReturning?: boolean;
  /** It starts at once, whatever the limits. */
  readonly isProbe?: boolean;
  readonly signal: AbortSignal;
}

/** The limiter gives no permit; another one may. */
export class LimiterError extends Error {
  readonly why: 'full' | 'rejected';

  constructor(why: 'full' | 'rejected') {
    super(why);
    this.why = why;
  }
}

export interface LimiterState {
  readonly inFlight: number;
  readonly waiting: number;
  readonly limit: number;
}

export interface LimiterOptions {
  /** Calls at once: that many as long as none is rejected, or found out from `start` up to `ceiling`. */
  readonly concurrency: number | { readonly start: number; readonly ceiling: number };
  /** Calls a second, evenly spaced; any number where absent. */
  readonly perSecond?: number | undefined;
  readonly maxWaiting: number;
  /** Of that many permits, how many stay free for the most urgent while those come; none where absent. */
  readonly reserved?: (limit: number) => number;
  /** A request has to wait. */
  readonly onWait?: (state: LimiterState) => void;
  readonly nowMs?: MonotonicClock;
}

/** Permits stay reserved that long after the last urgent request. */
const reservedForMs = 30_000;
/** During a longer pause waiting requests may find another provider sooner. */
const longPauseMs = 1_000;

interface Waiter {
  readonly priority: () => number;
  readonly fairnessKey: string;
  readonly arrival: number;
  admit(): void;
  reject(reason: unknown): void;
}

/** Bounds how many calls are in flight and when they start, and decides who goes first. */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #nowMs: MonotonicClock;
  readonly #concurrency: ConcurrencyLimit;
  readonly #rate: RateLimit;
  readonly #waiters = new Set<Waiter>();
  readonly #inFlightByKey = new Map<string, number>();
  readonly #inFlightOf = (key: string): number => this.#inFlightByKey.get(key) ?? 0;
  #inFlight = 0;
  /** Permits from before the last reset no longer count. */
  #resets = 0;
  #timer: NodeJS.Timeout | undefined;
  #urgentAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: LimiterOptions) {
    const { concurrency, perSecond, nowMs = () => performance.now() } = options;
    const range =
      typeof concurrency === 'number' ? { start: concurrency, ceiling: concurrency } : concurrency;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#concurrency = new ConcurrencyLimit({ ...range, nowMs });
    this.#rate = new RateLimit(perSecond, nowMs);
  }

  get state(): LimiterState {
    return { inFlight: this.#inFlight, waiting: this.#waiters.size, limit: this.#concurrency.current };
  }

  /** A call could start now. */
  get hasRoom(): boolean {
    return this.#waiters.size === 0 && this.pauseMs() === 0 && this.#concurrency.waitMs(this.#inFlight) === 0;
  }

  /** Milliseconds until a call may start, as far as the rate goes. */
  pauseMs(): number {
    return this.#rate.waitMs();
  }

  /** @throws LimiterError the queue is full, or the limiter rejected all who wait; the reason of `signal` */
  async acquire(request: PermitRequest): Promise<Permit> {
    request.signal.throwIfAborted();
    if (request.isProbe) return this.#permit(this.#nowMs(), request.fairnessKey ?? '');
    if (this.#waiters.size >= this.#options.maxWaiting && !request.isReturning) {
      const last = [...this.#waiters].sort((one, other) => one.priority() - other.priority()).at(-1);
      if (last === undefined || last.priority() <= request.priority()) throw new LimiterError('full');
      last.reject(new LimiterError('full'));
    }
    return this.#wait(request);
  }

  /** The other side is gone: rejects all who wait, and counts on no call in flight. */
  reset(): void {
    this.#resets++;
    this.#inFlight = 0;
    this.#inFlightByKey.clear();
    this.#rate.reset();
    this.#rejectWaiting();
  }

  #wait({ priority, fairnessKey = '', arrival = 0, signal }: PermitRequest): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const askedAtMs = this.#nowMs();
      const leave = () => {
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) clearTimeout(this.#timer);
        signal.removeEventListener('abort', giveUp);
      };
      const giveUp = () => waiter.reject(signal.reason);
      const waiter: Waiter = {
        priority,
        fairnessKey,
        arrival,
        admit: () => {
          leave();
          resolve(this.#permit(askedAtMs, fairnessKey));
        },
        reject(reason) {
          leave();
          reject(reason);
        },
      };
      this.#waiters.add(waiter);
      if (priority() === 0) this.#urgentAtMs = askedAtMs;
      signal.addEventListener('abort', giveUp, { once: true });
      this.#admit();
      if (this.#waiters.has(waiter)) this.#options.onWait?.(this.state);
    });
  }

  #permit(askedAtMs: number, key: string): Permit {
    const startedAtMs = this.#nowMs();
    const call = this.#concurrency.start(this.#inFlight);
    const number = this.#rate.start();
    const resets = this.#resets;
    let isHeld = true;
    this.#count(key, 1);
    return {
      waitedMs: startedAtMs - askedAtMs,
      release: (outcome, allowance) => {
        if (!isHeld || resets !== this.#resets) return true;
        isHeld = false;
        const isBinding = this.#inFlight + this.#reserved() >= this.#concurrency.current;
        this.#count(key, -1);
        if (allowance) this.#rate.stated(allowance, number, outcome === 'rejected');
        const isExplained = this.#learn(call, outcome, isBinding);
        if ((allowance || !isExplained) && this.pauseMs() >= longPauseMs) this.#rejectWaiting();
        this.#admit();
        return isExplained;
      },
    };
  }

  #count(key: string, change: 1 | -1): void {
    this.#inFlight += change;
    const count = this.#inFlightOf(key) + change;
    if (count > 0) this.#inFlightByKey.set(key, count);
    else this.#inFlightByKey.delete(key);
  }

  #learn(call: LimitedCall, outcome: Outcome, isBinding: boolean): boolean {
    if (outcome === 'rejected' && !this.#concurrency.rejected(call, this.#inFlight)) {
      this.#rate.rejectedAlone();
      return false;
    }
    if (outcome === 'succeeded') {
      this.#rate.succeeded();
      this.#concurrency.succeeded(call, isBinding);
    }
    if (outcome === 'timed_out') this.#concurrency.timedOut(call, this.#inFlight);
    if (outcome === 'other') this.#concurrency.ended(call);
    return true;
  }

  #admit(): void {
    clearTimeout(this.#timer);
    while (this.#waiters.size > 0) {
      const waitMs = Math.max(this.#concurrency.waitMs(this.#inFlight), this.pauseMs());
      const isTimed = waitMs > 0 && Number.isFinite(waitMs);
      if (isTimed) this.#timer = setTimeout(() => this.#admit(), Math.ceil(waitMs));
      const waiter = waitMs > 0 ? undefined : this.#next();
      if (waiter === undefined) return;
      waiter.admit();
    }
  }

  #next(): Waiter | undefined {
    let first: Waiter | undefined;
    for (const waiter of this.#waiters)
      if (first === undefined || this.#compare(waiter, first) < 0) first = waiter;
    const mayTakeReserved = first?.priority() === 0 || this.#reserved() === 0;
    const hasRoom = this.#inFlight + this.#reserved() < this.#concurrency.current;
    return mayTakeReserved || hasRoom ? first : undefined;
  }

  #compare(one: Waiter, other: Waiter): number {
    const byPriority = one.priority() - other.priority();
    const byFairness = this.#inFlightOf(one.fairnessKey) - this.#inFlightOf(other.fairnessKey);
    return byPriority || byFairness || one.arrival - other.arrival;
  }

  #reserved(): number {
    if (this.#nowMs() - this.#urgentAtMs >= reservedForMs) return 0;
    const limit = this.#concurrency.current;
    return Math.min(limit - 1, this.#options.reserved?.(limit) ?? 0);
  }

  #rejectWaiting(): void {
    for (const { reject } of [...this.#waiters]) reject(new LimiterError('rejected'));
  }
}
