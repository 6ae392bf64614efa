import type { MonotonicClock } from './deadline.ts';

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** Longest first cool-down; each later one in a row may be twice as long. */
  readonly baseMs: number;
  readonly capMs: number;
  readonly nowMs?: MonotonicClock;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly onChange?: (state: BreakerState) => void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** One call let through. Exactly one of the three is called, once. */
export interface Passage {
  succeeded(): void;
  failed(): void;
  /** It ended without saying anything about the other side. */
  left(): void;
}

export interface CircuitBreaker {
  readonly state: BreakerState;
  /** Milliseconds until a call may be let through; 0 for now. While a probe is out, a guess. */
  waitMs(): number;
  /** Undefined while it cools down, or a probe is out. */
  enter(): Passage | undefined;
  /** Opens at once, until then or later: a cool-down only ever lengthens. */
  openFor(durationMs: number): void;
}

/** How soon to look again while a probe is out. */
const probeGuessMs = 250;

/**
 * Keeps calls from what has failed several times in a row. After a cool-down one call at a time probes; the first
 * that succeeds closes it.
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { threshold, baseMs, capMs, nowMs = () => performance.now(), random = Math.random } = options;
  let state: BreakerState = 'closed';
  let coolUntil = 0;
  let failures = 0;
  let cooldowns = 0;
  let isProbing = false;

  function change(next: BreakerState) {
    if (next === state) return;
    state = next;
    options.onChange?.(next);
  }

  function coolFor(durationMs: number) {
    coolUntil = Math.max(coolUntil, nowMs() + durationMs);
    isProbing = false;
    change('open');
  }

  function trip() {
    const boundMs = Math.min(capMs, baseMs * 2 ** cooldowns);
    cooldowns++;
    failures = 0;
    // Half of it is certain: a jitter down to nothing would be no cool-down.
    coolFor(boundMs * (0.5 + random() / 2));
  }

  function close() {
    failures = 0;
    cooldowns = 0;
    isProbing = false;
    change('closed');
  }

  /** What began before the circuit opened has nothing to say about the time after it. */
  function passage(isProbe: boolean): Passage {
    return {
      succeeded() {
        if (isProbe && state === 'half-open') close();
        else if (state === 'closed') failures = 0;
      },
      failed() {
        if (isProbe && state === 'half-open') trip();
        else if (state === 'closed' && ++failures >= threshold) trip();
      },
      left() {
        if (isProbe && state === 'half-open') isProbing = false;
      },
    };
  }

  return {
    get state() {
      return state;
    },
    waitMs() {
      if (state === 'closed') return 0;
      const leftMs = coolUntil - nowMs();
      if (leftMs > 0) return leftMs;
      return isProbing ? probeGuessMs : 0;
    },
    enter() {
      if (state === 'closed') return passage(false);
      if (nowMs() < coolUntil || isProbing) return undefined;
      change('half-open');
      isProbing = true;
      return passage(true);
    },
    openFor: coolFor,
  };
}
