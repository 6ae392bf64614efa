export interface BackoffOptions {
  /** Longest first pause; each later one may be twice as long. */
  readonly baseMs: number;
  readonly capMs: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/**
 * Exponential backoff with jitter in its upper half: calls that failed together don't return together.
 * @param failures so far, at least 1
 */
export function backoffMs(failures: number, { baseMs, capMs, random = Math.random }: BackoffOptions): number {
  return Math.min(capMs, baseMs * 2 ** (failures - 1)) * (0.5 + random() / 2);
}

/**
 * Resolves after `durationMs`, never before, unless the function that it adds to `wakers` is called; rejects with the
 * signal's reason as soon as that aborts. Leaves no timer.
 */
export function pause(durationMs: number, signal: AbortSignal, wakers?: Set<() => void>): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      wakers?.delete(wake);
      settle();
    };
    const wake = () => end(resolve);
    const giveUp = () => end(() => reject(signal.reason));
    const timer = setTimeout(wake, Math.ceil(durationMs));
    wakers?.add(wake);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
