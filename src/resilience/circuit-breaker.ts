import { pause } from './backoff.ts';
import type { MonotonicClock } from './deadline.ts';

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** Longest first cool-down; each later one in a row may be twice as long. Counted from the start of a probe. */
  readonly baseMs: number;
  readonly capMs: number;
  /** How long a probe is waited for; 2 s where absent. */
  readonly patienceMs?: () => number;
  readonly nowMs?: MonotonicClock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** @param cause of the last failure, where it opens */
  readonly onChange?: (state: BreakerState, cause: string | undefined) => void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** One call let through. Exactly one of the three is called, once. */
export interface Passage {
  readonly isProbe: boolean;
  succeeded(): void;
  failed(cause: string): void;
  /** It ended without saying anything about the other side. */
  left(): void;
}

export interface CircuitBreaker {
  readonly state: BreakerState;
  /** Of the last failure; undefined while it is closed. */
  readonly cause: string | undefined;
  /** A probe is out, and is still waited for. */
  readonly isProbing: boolean;
  /** Milliseconds until a call may be let through; 0 for now. */
  waitMs(): number;
  /** Undefined while it cools down, or a probe is out. */
  enter(): Passage | undefined;
  /** Opens at once, until then or later: a cool-down only ever lengthens. */
  openFor(durationMs: number, cause: string): void;
  /** Resolves after that long, or when the state changes. */
  wait(durationMs: number, signal: AbortSignal): Promise<void>;
}

interface Probe {
  readonly startedAtMs: number;
  readonly untilMs: number;
}

/**
 * Keeps calls from what has failed several times in a row. After a cool-down one call at a time probes; the first
 * that succeeds closes it, however late. A probe that does not answer in time counts as failed.
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { threshold, baseMs, capMs, nowMs = () => performance.now(), random = Math.random } = options;
  const { patienceMs = () => 2_000 } = options;
  const waiting = new Set<() => void>();
  let state: BreakerState = 'closed';
  let coolUntil = 0;
  let failures = 0;
  let cooldowns = 0;
  let openings = 0;
  let probe: Probe | undefined;
  let cause: string | undefined;

  function change(next: BreakerState) {
    if (next === state) return;
    if (state === 'closed') openings++;
    state = next;
    options.onChange?.(next, next === 'open' ? cause : undefined);
    for (const wake of [...waiting]) wake();
  }

  function trip(why: string, sinceMs = nowMs()) {
    cause = why;
    const boundMs = Math.min(capMs, baseMs * 2 ** cooldowns++);
    failures = 0;
    probe = undefined;
    // Half of it is certain: a jitter down to nothing would be no cool-down.
    coolUntil = Math.max(coolUntil, sinceMs + boundMs * (0.5 + random() / 2));
    change('open');
  }

  function close() {
    cause = undefined;
    failures = 0;
    cooldowns = 0;
    probe = undefined;
    change('closed');
  }

  function expire() {
    if (probe && nowMs() >= probe.untilMs) trip('timeout', probe.startedAtMs);
  }

  function passage(own?: Probe): Passage {
    const opening = openings;
    // What began before the circuit opened has nothing to say about the time after it.
    const isOld = () => opening !== openings;
    return {
      isProbe: own !== undefined,
      succeeded() {
        if (own ? state !== 'closed' && !isOld() : state === 'closed') close();
      },
      failed(why) {
        expire();
        if (own && probe === own) trip(why, own.startedAtMs);
        else if (!own && !isOld() && state === 'closed' && ++failures >= threshold) trip(why);
      },
      left() {
        if (own && probe === own) probe = undefined;
      },
    };
  }

  return {
    get state() {
      expire();
      return state;
    },
    get cause() {
      return cause;
    },
    get isProbing() {
      expire();
      return probe !== undefined;
    },
    waitMs() {
      expire();
      if (state === 'closed') return 0;
      return Math.max(0, (probe?.untilMs ?? coolUntil) - nowMs());
    },
    enter() {
      expire();
      if (state === 'closed') return passage();
      if (probe || nowMs() < coolUntil) return undefined;
      probe = { startedAtMs: nowMs(), untilMs: nowMs() + patienceMs() };
      change('half-open');
      return passage(probe);
    },
    openFor(durationMs, why) {
      cause = why;
      coolUntil = Math.max(coolUntil, nowMs() + durationMs);
      probe = undefined;
      change('open');
    },
    async wait(durationMs, signal) {
      await pause(durationMs, signal, waiting);
    },
  };
}
