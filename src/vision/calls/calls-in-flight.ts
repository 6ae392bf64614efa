import { VendorError } from '../wire/vendor-error.ts';

/** Calls that were sent and have no reply yet. */
export interface CallsInFlight {
  /** Ends all calls. Its reason is a VisionError. */
  readonly stop: AbortSignal;
  /** @returns to be disposed of when the call has ended */
  begin(): Disposable;
  /** Waits for calls in flight, `limitMs` at most, then ends them. */
  close(limitMs: number): Promise<void>;
}

export function openCallsInFlight(): CallsInFlight {
  const stopping = new AbortController();
  const calls = new Set<Promise<void>>();
  return {
    stop: stopping.signal,
    begin() {
      const { promise, resolve } = Promise.withResolvers<void>();
      calls.add(promise);
      return {
        [Symbol.dispose]() {
          calls.delete(promise);
          resolve();
        },
      };
    },
    async close(limitMs) {
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, limitMs);
      const ended = Promise.all(calls);
      await Promise.race([ended, limit.promise]);
      clearTimeout(timer);
      stopping.abort(new VendorError({ network: 'stopped' }));
      await ended;
    },
  };
}
