import { concurrencyLimit, type LimitedCall } from './concurrency-limit.ts';
import type { MonotonicClock } from './deadline.ts';
import { type Allowance, rateLimit } from './rate-limit.ts';

/** How a call ended. `refused`: the other side takes no more for now, be it at once or in a time. */
export type Outcome = 'succeeded' | 'refused' | 'timed_out' | 'other';

/** Leave to make one call. */
export interface Permit {
  /** Milliseconds waited for it. */
  readonly waitedMs: number;
  /**
   * Gives it back. Calling it again does nothing.
   * @returns false for a refusal that the number of calls can't explain: nobody was let in beside it
   */
  release(outcome: Outcome, allowance?: Allowance): boolean;
}

export interface PermitRequest {
  /** Smaller goes first, 0 being the most urgent; asked anew whenever a permit is free, as it may change. */
  readonly priority: () => number;
  /** Of equals, whoever's key has the fewest calls under way goes first. */
  readonly fairnessKey?: string;
  /** Of equals of one key, the smallest goes first. */
  readonly arrival?: number;
  /** It goes back to its place, however many wait. */
  readonly isReturning?: boolean;
  /** It starts at once, whatever their number: somebody has to find out whether anybody gets through. */
  readonly isProbe?: boolean;
  readonly signal: AbortSignal;
}

/** The limiter's own refusals; whoever asked may ask elsewhere. */
export class LimiterError extends Error {
  readonly why: 'full' | 'rejected';

  constructor(why: 'full' | 'rejected') {
    super(why);
    this.why = why;
  }
}

export interface Limiter {
  /**
   * @throws LimiterError as many wait as may, or all who wait were rejected; the reason of `signal` when that aborts
   */
  acquire(request: PermitRequest): Promise<Permit>;
  /** The other side is gone: sends away everybody who waits, and counts on no call that is under way. */
  reset(): void;
  /** Milliseconds until a call may start, as far as time alone is concerned. */
  restMs(): number;
  /** Whether a call could start now. */
  readonly hasRoom: boolean;
  readonly state: LimiterState;
}

export interface LimiterState {
  readonly inFlight: number;
  readonly waiting: number;
  readonly limit: number;
}

export interface LimiterOptions {
  /** Calls at once: that many as long as none is refused, or found out from `start` up to `ceiling`. */
  readonly concurrency: number | { readonly start: number; readonly ceiling: number };
  /** Calls a second, evenly spaced; any number where absent. */
  readonly perSecond?: number | undefined;
  readonly maxWaiting: number;
  /** Of that many permits, how many only the most urgent may take while some of them have come of late; none unless given. */
  readonly reserved?: (limit: number) => number;
  /** A call that takes longer is no reason to make more at once. */
  readonly slowMs?: number;
  /** Somebody waits. */
  readonly onWait?: (state: LimiterState) => void;
  readonly nowMs?: MonotonicClock;
}

/** The most urgent who have not come for that long need no permits kept free. */
const reservedForMs = 30_000;
/** Those who wait may be better off elsewhere. */
const noticeableRestMs = 1_000;

interface Waiter {
  readonly priority: () => number;
  readonly fairnessKey: string;
  readonly arrival: number;
  readonly admit: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Bounds how many calls are under way and when they start. Who is more urgent goes first, then whose key has the
 * fewest calls under way, then who came first.
 */
export function openLimiter(options: LimiterOptions): Limiter {
  const { concurrency, perSecond, maxWaiting, slowMs = Infinity, nowMs = () => performance.now() } = options;
  const { reserved = () => 0 } = options;
  const range = typeof concurrency === 'number' ? { start: concurrency, ceiling: concurrency } : concurrency;
  const limit = concurrencyLimit({ ...range, nowMs });
  const rate = rateLimit(perSecond, nowMs);
  const waiters = new Set<Waiter>();
  const underWay = new Map<string, number>();
  let inFlight = 0;
  /** Permits of before the last reset are held by nobody. */
  let resets = 0;
  let timer: NodeJS.Timeout | undefined;
  let urgentAtMs = Number.NEGATIVE_INFINITY;

  const state = (): LimiterState => ({ inFlight, waiting: waiters.size, limit: limit.current });
  const heldBy = ({ fairnessKey }: Waiter) => underWay.get(fairnessKey) ?? 0;

  /** Permits kept from whoever is not of the most urgent. */
  function kept(): number {
    return nowMs() - urgentAtMs < reservedForMs ? Math.min(limit.current - 1, reserved(limit.current)) : 0;
  }

  function goesBefore(one: Waiter, other: Waiter): boolean {
    const byUrgency = one.priority() - other.priority() || heldBy(one) - heldBy(other);
    return (byUrgency || one.arrival - other.arrival) < 0;
  }

  /** Who may take the next permit, where there is one. */
  function next(): Waiter | undefined {
    let found: Waiter | undefined;
    for (const waiter of waiters) if (found === undefined || goesBefore(waiter, found)) found = waiter;
    const isUrgent = found?.priority() === 0 || kept() === 0;
    return isUrgent || inFlight + kept() < limit.current ? found : undefined;
  }

  function leastUrgent(): Waiter | undefined {
    let found: Waiter | undefined;
    for (const waiter of waiters)
      if (found === undefined || waiter.priority() >= found.priority()) found = waiter;
    return found;
  }

  function admitAll() {
    clearTimeout(timer);
    while (waiters.size > 0) {
      const waitMs = Math.max(limit.roomMs(inFlight), rate.restMs());
      if (waitMs > 0 && Number.isFinite(waitMs)) timer = setTimeout(admitAll, Math.ceil(waitMs));
      const waiter = waitMs > 0 ? undefined : next();
      if (waiter === undefined) return;
      waiter.admit();
    }
  }

  function permitSince(askedAtMs: number, fairnessKey: string): Permit {
    const startedAtMs = nowMs();
    const call = limit.begin(inFlight);
    const madeAfter = resets;
    let isHeld = true;
    inFlight++;
    underWay.set(fairnessKey, (underWay.get(fairnessKey) ?? 0) + 1);
    const turn = rate.started();
    return {
      waitedMs: startedAtMs - askedAtMs,
      release(outcome, allowance) {
        if (!isHeld || madeAfter !== resets) return true;
        isHeld = false;
        const isBinding = inFlight + kept() >= limit.current && nowMs() - startedAtMs < slowMs;
        inFlight--;
        const held = (underWay.get(fairnessKey) ?? 0) - 1;
        if (held > 0) underWay.set(fairnessKey, held);
        else underWay.delete(fairnessKey);
        if (allowance) rate.stated(allowance, turn, outcome === 'refused');
        const isExplained = learn(call, outcome, isBinding);
        if ((allowance || !isExplained) && rate.restMs() >= noticeableRestMs) rejectWaiting();
        admitAll();
        return isExplained;
      },
    };
  }

  function learn(call: LimitedCall, outcome: Outcome, isBinding: boolean): boolean {
    if (outcome === 'refused' && !limit.refused(call, inFlight)) {
      rate.refusedAlone();
      return false;
    }
    if (outcome === 'succeeded') {
      rate.succeeded();
      limit.succeeded(call, isBinding);
    }
    if (outcome === 'timed_out') limit.timedOut(call, inFlight);
    if (outcome === 'other') limit.ended(call);
    return true;
  }

  function rejectWaiting() {
    for (const { reject } of [...waiters]) reject(new LimiterError('rejected'));
  }

  function wait({ priority, fairnessKey = '', arrival = 0, signal }: PermitRequest): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const askedAtMs = nowMs();
      const leaveQueue = () => {
        waiters.delete(waiter);
        if (waiters.size === 0) clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      };
      const giveUp = () => waiter.reject(signal.reason);
      const waiter: Waiter = {
        priority,
        fairnessKey,
        arrival,
        admit() {
          leaveQueue();
          resolve(permitSince(askedAtMs, fairnessKey));
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
      if (waiters.has(waiter)) options.onWait?.(state());
    });
  }

  return {
    async acquire(request) {
      request.signal.throwIfAborted();
      if (request.isProbe) return permitSince(nowMs(), request.fairnessKey ?? '');
      if (waiters.size >= maxWaiting && !request.isReturning) {
        const last = leastUrgent();
        if (last === undefined || last.priority() <= request.priority()) throw new LimiterError('full');
        last.reject(new LimiterError('full'));
      }
      return wait(request);
    },
    reset() {
      resets++;
      inFlight = 0;
      underWay.clear();
      rate.reset();
      rejectWaiting();
    },
    restMs: rate.restMs,
    get hasRoom() {
      return waiters.size === 0 && rate.restMs() === 0 && limit.roomMs(inFlight) === 0;
    },
    get state() {
      return state();
    },
  };
}
