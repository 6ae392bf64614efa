import { pause } from './backoff.ts';
import type { MonotonicClock } from './deadline.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions<Cause> {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** Longest first cool-down; each later one in a row may be twice as long. Counted from the start of a probe. */
  readonly baseMs: number;
  readonly capMs: number;
  /** After that a probe without an answer counts as failed; 2 s where absent. */
  readonly probeLimitMs?: () => number;
  readonly nowMs?: MonotonicClock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** @param cause the last failure; undefined once it is closed */
  readonly onChange?: (state: BreakerState, previous: BreakerState, cause: Cause | undefined) => void;
}

/** One call that the breaker let through. It ends with one of the three; it may succeed after it counted as failed. */
export interface Attempt<Cause> {
  readonly isProbe: boolean;
  succeeded(): void;
  failed(cause: Cause): void;
  /** Its end says nothing about the other side. */
  abandoned(): void;
}

interface Probe {
  readonly startedAtMs: number;
  readonly untilMs: number;
}

/**
 * Keeps calls from what has failed several times in a row. After a cool-down one call at a time probes; the first
 * that succeeds closes the circuit, however late. A probe that does not answer in time counts as failed.
 */
export class CircuitBreaker<Cause = string> {
  readonly #options: CircuitBreakerOptions<Cause>;
  readonly #nowMs: MonotonicClock;
  readonly #wakers = new Set<() => void>();
  #state: BreakerState = 'closed';
  #cause: Cause | undefined;
  #coolUntilMs = 0;
  #failures = 0;
  #cooldowns = 0;
  #openings = 0;
  #probe: Probe | undefined;

  constructor(options: CircuitBreakerOptions<Cause>) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  get state(): BreakerState {
    this.#expireProbe();
    return this.#state;
  }

  /** The last failure; undefined while it is closed. */
  get cause(): Cause | undefined {
    return this.#cause;
  }

  /** A probe is in flight and may still close it in time. */
  get isProbing(): boolean {
    this.#expireProbe();
    return this.#probe !== undefined;
  }

  /** Milliseconds until a call may be let through; 0 for now. */
  waitMs(): number {
    this.#expireProbe();
    if (this.#state === 'closed') return 0;
    return Math.max(0, (this.#probe?.untilMs ?? this.#coolUntilMs) - this.#nowMs());
  }

  /** Undefined during a cool-down, and while a probe is in flight. */
  attempt(): Attempt<Cause> | undefined {
    this.#expireProbe();
    if (this.#state === 'closed') return this.#attempt();
    const startedAtMs = this.#nowMs();
    if (this.#probe || startedAtMs < this.#coolUntilMs) return undefined;
    const limitMs = this.#options.probeLimitMs?.() ?? 2_000;
    this.#probe = { startedAtMs, untilMs: startedAtMs + limitMs };
    this.#change('half-open');
    return this.#attempt(this.#probe);
  }

  /** Opens at once, until then or later: a cool-down only ever lengthens. */
  openFor(durationMs: number, cause: Cause): void {
    this.#cause = cause;
    this.#coolUntilMs = Math.max(this.#coolUntilMs, this.#nowMs() + durationMs);
    this.#probe = undefined;
    this.#change('open');
  }

  /** Resolves after that long, or when the state changes. */
  wait(durationMs: number, signal: AbortSignal): Promise<void> {
    return pause(durationMs, signal, this.#wakers);
  }

  #attempt(own?: Probe): Attempt<Cause> {
    const opening = this.#openings;
    // What began before the circuit opened says nothing about the time after it.
    const isCurrent = () => opening === this.#openings;
    let hasFailed = false;
    return {
      isProbe: own !== undefined,
      succeeded: () => {
        if (own ? this.#state !== 'closed' && isCurrent() : this.#state === 'closed') this.#close();
      },
      failed: (cause) => {
        if (hasFailed) return;
        hasFailed = true;
        this.#expireProbe();
        if (own && this.#probe === own) this.#open(cause, own.startedAtMs);
        else if (!own && isCurrent() && this.#state === 'closed') this.#count(cause);
      },
      abandoned: () => {
        if (own && this.#probe === own) this.#probe = undefined;
      },
    };
  }

  #count(cause: Cause): void {
    this.#failures++;
    if (this.#failures >= this.#options.threshold) this.#open(cause, this.#nowMs());
  }

  #open(cause: Cause | undefined, sinceMs: number): void {
    const { baseMs, capMs, random = Math.random } = this.#options;
    this.#cause = cause;
    this.#failures = 0;
    this.#probe = undefined;
    const boundMs = Math.min(capMs, baseMs * 2 ** this.#cooldowns++);
    // Half of it is certain: a jitter down to nothing would be no cool-down.
    this.#coolUntilMs = Math.max(this.#coolUntilMs, sinceMs + boundMs * (0.5 + random() / 2));
    this.#change('open');
  }

  #close(): void {
    this.#cause = undefined;
    this.#failures = 0;
    this.#cooldowns = 0;
    this.#probe = undefined;
    this.#change('closed');
  }

  #expireProbe(): void {
    if (this.#probe && this.#nowMs() >= this.#probe.untilMs) this.#open(this.#cause, this.#probe.startedAtMs);
  }

  #change(next: BreakerState): void {
    const previous = this.#state;
    if (next === previous) return;
    if (previous === 'closed') this.#openings++;
    this.#state = next;
    this.#options.onChange?.(next, previous, this.#cause);
    for (const wake of [...this.#wakers]) wake();
  }
}
