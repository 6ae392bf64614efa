import type { Readable } from 'node:stream';
import { SlowUploadError } from '../../errors.ts';

/** An upload with a lower average over `windowMs` ends; 0: none does. */
export interface UploadRate {
  readonly minBytesPerS: number;
  readonly windowMs: number;
}

const tickMs = 1000;

/**
 * Calls `tooSlow` when a body brings less than that on average, over a time in which it could have been read: while it is
 * paused here for want of room, the client is not the slow one.
 */
export function watchPace(
  body: Readable,
  { minBytesPerS, windowMs }: UploadRate,
  tooSlow: (error: SlowUploadError) => void,
): { stop(): void } {
  if (minBytesPerS === 0) return { stop() {} };
  let [bytes, openMs] = [0, 0];
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
  };
  const timer = setInterval(() => {
    if (body.isPaused()) return;
    openMs += tickMs;
    if (openMs < windowMs) return;
    if (bytes < (minBytesPerS * windowMs) / 1000) {
      stop();
      tooSlow(
        new SlowUploadError(
          `The upload brings less than ${minBytesPerS} bytes a second; send it again over a better connection.`,
        ),
      );
    }
    [bytes, openMs] = [0, 0];
  }, tickMs);
  timer.unref();
  body.on('data', count);

  function stop(): void {
    clearInterval(timer);
    body.off('data', count);
  }
  return { stop };
}
