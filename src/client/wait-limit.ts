import { ClientError } from './client-error.ts';
import type { Tries } from './retries.ts';

export interface WaitLimit {
  /** Aborts the request. */
  readonly signal: AbortSignal | undefined;
  stop(): void;
}

/**
 * Watches how long the photos of one request take with all their tries.
 * @param onOver called for a photo whose time is over; returns whether no photo of the request is left
 */
export function limitWait<T extends Tries>(
  photos: readonly T[],
  { maxWaitMs, signal }: { readonly maxWaitMs?: number; readonly signal?: AbortSignal | undefined },
  onOver: (photo: T, error: ClientError) => boolean,
): WaitLimit {
  for (const photo of photos) photo.startedMs ??= Date.now();
  if (maxWaitMs === undefined) return { signal, stop() {} };
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  const end = (photo: T) => {
    const error = new ClientError('timeout', `No answer came within ${maxWaitMs / 1000} s.`);
    if (onOver(photo, error)) abort();
  };
  const timers = photos.map((photo) => {
    const endsMs = (photo.startedMs ?? Date.now()) + maxWaitMs;
    return setTimeout(() => end(photo), endsMs - Date.now());
  });
  return {
    signal: controller.signal,
    stop() {
      signal?.removeEventListener('abort', abort);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
