import { UnavailableError } from '../errors.ts';

/** Gives a place back. Calling it again does nothing. */
export type Release = () => void;

export interface ConcurrencyLimit {
  /**
   * A place among those at work, first come first served.
   * @throws UnavailableError as many wait already as may; the reason of `signal` when it aborts while waiting
   */
  acquire(signal: AbortSignal): Promise<Release>;
  readonly inFlight: number;
  readonly waiting: number;
}

export interface ConcurrencyLimitOptions {
  /** At work at once, at least 1. */
  readonly max: number;
  /** Waiting at once; one more is refused. */
  readonly maxWaiting: number;
}

export function concurrencyLimit({ max, maxWaiting }: ConcurrencyLimitOptions): ConcurrencyLimit {
  /** In order of arrival. Each, when called, takes over a place that is free. */
  const waiters = new Set<() => void>();
  let inFlight = 0;

  function releaseOnce(): Release {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      inFlight--;
      const [next] = waiters;
      next?.();
    };
  }

  function wait(signal: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        leave();
        inFlight++;
        resolve(releaseOnce());
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
      };
      const leave = () => {
        waiters.delete(enter);
        signal.removeEventListener('abort', giveUp);
      };
      waiters.add(enter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      if (inFlight < max) {
        inFlight++;
        return releaseOnce();
      }
      if (waiters.size >= maxWaiting)
        throw new UnavailableError('overloaded', 'Too much is waiting already; try again in a moment.');
      return wait(signal);
    },
    get inFlight() {
      return inFlight;
    },
    get waiting() {
      return waiters.size;
    },
  };
}
