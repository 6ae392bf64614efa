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
  /** Smaller goes first, 0 being the most urgent; asked anew whenever a place is free, as it may change. */
  readonly priority: () => number;
  /** Of equals, whoever's share has the fewest at work goes first. */
  readonly share?: string;
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
  /** Of that many places, how many the most urgent alone may take while some of them have come of late; none unless given. */
  readonly reserved?: (limit: number) => number;
  readonly nowMs?: MonotonicClock;
}

/** The most urgent who have not come for that long need no places kept free. */
const reservedForMs = 30_000;

interface Waiter {
  readonly priority: () => number;
  readonly share: string;
  readonly admit: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Bounds how many calls are under way and how fast they start. Who is more urgent goes first, then whose share has the
 * fewest at work, then who came first.
 */
export function openGate(options: GateOptions): Gate {
  const { concurrency, maxWaiting, reserved = () => 0, nowMs = () => performance.now() } = options;
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
  const atWork = new Map<string, number>();
  let inFlight = 0;
  let isTimed = false;
  let urgentAtMs = Number.NEGATIVE_INFINITY;

  /** Places for whoever is not of the most urgent. */
  function openPlaces(): number {
    const isKept = nowMs() - urgentAtMs < reservedForMs;
    return isKept ? Math.max(1, limit.current - reserved(limit.current)) : limit.current;
  }

  const heldBy = ({ share }: Waiter) => atWork.get(share) ?? 0;

  function goesBefore(one: Waiter, other: Waiter): boolean {
    const difference = one.priority() - other.priority();
    return difference < 0 || (difference === 0 && heldBy(one) < heldBy(other));
  }

  /** Who may take the next place. */
  function next(): Waiter | undefined {
    let found: Waiter | undefined;
    for (const waiter of waiters) if (found === undefined || goesBefore(waiter, found)) found = waiter;
    const places = found?.priority() === 0 ? limit.current : openPlaces();
    return inFlight < places ? found : undefined;
  }

  function leastUrgent(): Waiter | undefined {
    let found: Waiter | undefined;
    for (const waiter of waiters)
      if (found === undefined || waiter.priority() >= found.priority()) found = waiter;
    return found;
  }

  function admitAll() {
    for (let waiter = next(); waiter !== undefined; waiter = next()) {
      const waitMs = pace.waitMs();
      if (waitMs > 0) {
        if (!isTimed) setTimeout(admitLater, Math.ceil(waitMs));
        isTimed = true;
        return;
      }
      waiter.admit();
    }
  }

  function admitLater() {
    isTimed = false;
    admitAll();
  }

  function placeSince(askedAtMs: number, share: string): Place {
    const startedAtMs = nowMs();
    let isHeld = true;
    inFlight++;
    count(share, 1);
    pace.started(next() !== undefined);
    return {
      waitedMs: startedAtMs - askedAtMs,
      leave(ending) {
        if (!isHeld) return;
        isHeld = false;
        const wasFull = inFlight >= openPlaces();
        inFlight--;
        count(share, -1);
        learn(ending, startedAtMs, wasFull);
        admitAll();
      },
    };
  }

  function count(share: string, change: number) {
    const held = (atWork.get(share) ?? 0) + change;
    if (held > 0) atWork.set(share, held);
    else atWork.delete(share);
  }

  function learn(ending: Ending, startedAtMs: number, wasFull: boolean) {
    if (ending === 'succeeded') {
      pace.succeeded();
      limit.succeeded(wasFull);
    } else if (ending === 'too_many' || ending === 'timed_out') limit.overloaded(startedAtMs, nowMs());
    else if (ending === 'too_fast' && !pace.tooFast(startedAtMs)) limit.overloaded(startedAtMs, nowMs());
  }

  function wait({ priority, share = '', signal }: Waiting): Promise<Place> {
    return new Promise((resolve, reject) => {
      const askedAtMs = nowMs();
      const leaveQueue = () => {
        waiters.delete(waiter);
        signal.removeEventListener('abort', giveUp);
      };
      const giveUp = () => waiter.reject(signal.reason);
      const waiter: Waiter = {
        priority,
        share,
        admit() {
          leaveQueue();
          resolve(placeSince(askedAtMs, share));
        },
        reject(reason) {
          leaveQueue();
          reject(reason);
        },
      };
      waiters.add(waiter);
      if (priority() === 0) urgentAtMs = askedAtMs;
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
