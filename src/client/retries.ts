import type { ClientError } from './client-error.ts';

export interface RetryOptions {
  /** Tries after the first one. */
  readonly maxRetries?: number;
  /** Longest that a photo may take with all its tries. */
  readonly maxWaitMs?: number;
}

export interface Tries {
  /** So far. */
  failures: number;
  /** When the first try began. */
  startedMs: number | undefined;
}

const baseMs = 500;
const capMs = 15_000;

/**
 * The pause before the next try: what the service asks for, or else a random time up to a bound that doubles.
 * @returns undefined if there is no next try
 */
export function nextTryMs(
  error: ClientError,
  tries: Tries,
  { maxRetries = 3, maxWaitMs = Number.POSITIVE_INFINITY }: RetryOptions,
): number | undefined {
  if (!error.isRetryable || tries.failures > maxRetries) return undefined;
  const jittered = Math.random() * Math.min(capMs, baseMs * 2 ** tries.failures);
  const waitMs = Math.max(error.retryAfterMs, jittered);
  const endMs = Date.now() + waitMs - (tries.startedMs ?? Date.now());
  return endMs > maxWaitMs ? undefined : waitMs;
}
