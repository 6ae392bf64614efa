export interface BackoffOptions {
  /** Longest first pause; each later one may be twice as long. */
  readonly baseMs: number;
  readonly capMs: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/**
 * Exponential backoff with full jitter: anything from 0 to the bound, so that those who failed together don't come
 * back together. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param failures so far, at least 1
 */
export function backoffMs(failures: number, { baseMs, capMs, random = Math.random }: BackoffOptions): number {
  return random() * Math.min(capMs, baseMs * 2 ** (failures - 1));
}

/** Resolves after `durationMs`, never before; rejects with the signal's reason as soon as that aborts, and leaves no timer. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    }, Math.ceil(durationMs));
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
