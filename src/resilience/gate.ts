import { type AdaptiveLimit, adaptiveLimit } from './adaptive-limit.ts';
import { adaptivePace, type Pace } from './adaptive-pace.ts';
import type { MonotonicClock } from './deadline.ts';

/** How a call ended, as far as its number and pace are concerned. */
export type Ending = 'succeeded' | 'too_fast' | 'too_many' | 'timed_out' | 'other';

/** A place at work. */
export interface Place {
  /** Milliseconds waited for it. */
  readonly waitedMs: number;
  /** Gives it back. Calling it again does nothing. */
  leave(ending: Ending): void;
}

export interface Waiting {
  /** Smaller goes first; asked anew whenever a place is free, as it may change. */
  readonly priority: () => number;
  readonly signal: AbortSignal;
}

/** The gate's own refusals; whoever asked may ask elsewhere. */
export class GateRefusal extends Error {
  readonly why: 'full' | 'turned_away';

  constructor(why: 'full' | 'turned_away') {
    super(why);
    this.why = why;
  }
}

export interface Gate {
  /**
   * @throws GateRefusal as many wait as may, or all were turned away; the reason of `signal` when that aborts
   */
  enter(waiting: Waiting): Promise<Place>;
  /** Sends away everybody who waits: there will be no place for a while. */
  turnAway(): void;
  readonly state: GateState;
}

export interface GateState {
  readonly inFlight: number;
  readonly waiting: number;
  readonly limit: number;
  /** Infinity while no pace is known. */
  readonly perSecond: number;
}

export interface GateOptions {
  /** Calls at once: fixed, or adaptive from `start` up to `ceiling`. */
  readonly concurrency: number | { readonly start: number; readonly ceiling: number };
  /** Calls a second, fixed; adaptive where absent. */
  readonly perSecond?: number | undefined;
  readonly maxWaiting: number;
  readonly nowMs?: MonotonicClock;
}

interface Waiter {
  readonly priority: () => number;
  readonly admit: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Bounds how many calls are under way and how fast they start; who is more urgent, then who came first, goes first. */
export function openGate(options: GateOptions): Gate {
  const { concurrency, maxWaiting, nowMs = () => performance.now() } = options;
  const limit: AdaptiveLimit =
    typeof concurrency === 'number'
      ? adaptiveLimit({ start: concurrency, floor: concurrency, ceiling: concurrency })
      : adaptiveLimit({ ...concurrency, floor: 1 });
  const pace: Pace = adaptivePace({
    nowMs,
    ...(options.perSecond !== undefined && { fixed: options.perSecond }),
  });
  /** In order of arrival. */
  const waiters = new Set<Waiter>();
  let inFlight = 0;
  let isTimed = false;

  /** Of equals the first to come is the more urgent. */
  function mostUrgent(): Waiter | undefined {
    let found: Waiter | undefined;
    for (const waiter of waiters)
      if (found === undefined || waiter.priority() < found.priority()) found = waiter;
    return found;
  }

  function leastUrgent(): Waiter | undefined {
    let found: Waiter | undefined;
    for (const waiter of waiters)
      if (found === undefined || waiter.priority() >= found.priority()) found = waiter;
    return found;
  }

  function admitAll() {
    while (waiters.size > 0 && inFlight < limit.current) {
      const waitMs = pace.waitMs();
      if (waitMs > 0) {
        if (!isTimed) setTimeout(admitLater, Math.ceil(waitMs));
        isTimed = true;
        return;
      }
      mostUrgent()?.admit();
    }
  }

  function admitLater() {
    isTimed = false;
    admitAll();
  }

  function placeSince(askedAtMs: number): Place {
    const startedAtMs = nowMs();
    let isHeld = true;
    inFlight++;
    pace.started(waiters.size > 0 && inFlight < limit.current);
    return {
      waitedMs: startedAtMs - askedAtMs,
      leave(ending) {
        if (!isHeld) return;
        isHeld = false;
        const wasFull = inFlight >= limit.current;
        inFlight--;
        learn(ending, startedAtMs, wasFull);
        admitAll();
      },
    };
  }

  function learn(ending: Ending, startedAtMs: number, wasFull: boolean) {
    if (ending === 'succeeded') {
      pace.succeeded();
      limit.succeeded(wasFull);
    } else if (ending === 'too_many' || ending === 'timed_out') limit.overloaded(startedAtMs, nowMs());
    else if (ending === 'too_fast' && !pace.tooFast(startedAtMs)) limit.overloaded(startedAtMs, nowMs());
  }

  function wait({ priority, signal }: Waiting): Promise<Place> {
    return new Promise((resolve, reject) => {
      const askedAtMs = nowMs();
      const leaveQueue = () => {
        waiters.delete(waiter);
        signal.removeEventListener('abort', giveUp);
      };
      const giveUp = () => waiter.reject(signal.reason);
      const waiter: Waiter = {
        priority,
        admit() {
          leaveQueue();
          resolve(placeSince(askedAtMs));
        },
        reject(reason) {
          leaveQueue();
          reject(reason);
        },
      };
      waiters.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
      admitAll();
    });
  }

  return {
    async enter(waiting) {
      waiting.signal.throwIfAborted();
      if (waiters.size >= maxWaiting) {
        const last = leastUrgent();
        if (last === undefined || last.priority() <= waiting.priority()) throw new GateRefusal('full');
        last.reject(new GateRefusal('full'));
      }
      return wait(waiting);
    },
    turnAway() {
      for (const { reject } of [...waiters]) reject(new GateRefusal('turned_away'));
    },
    get state() {
      return {
        inFlight,
        waiting: waiters.size,
        limit: limit.current,
        perSecond: pace.perSecond,
      };
    },
  };
}
