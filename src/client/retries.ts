import type { ClientError } from './client-error.ts';

export interface RetryOptions {
  /** Further tries after the first. */
  readonly maxRetries?: number;
  /** Longest that a photo may take with all its tries. */
  readonly maxWaitMs?: number;
}

export interface Tries {
  /** So far. */
  failures: number;
  readonly startedMs: number;
}

const baseMs = 500;
const capMs = 15_000;

/**
 * How long to wait before the next try: what the service asks for, else anything up to a bound that doubles.
 * @returns undefined where there is none
 */
export function nextTryMs(
  error: ClientError,
  tries: Tries,
  { maxRetries = 3, maxWaitMs = Number.POSITIVE_INFINITY }: RetryOptions,
): number | undefined {
  if (!error.isRetryable || tries.failures > maxRetries) return undefined;
  const jittered = Math.random() * Math.min(capMs, baseMs * 2 ** tries.failures);
  const waitMs = Math.max(error.retryAfterMs, jittered);
  return Date.now() + waitMs - tries.startedMs > maxWaitMs ? undefined : waitMs;
}
