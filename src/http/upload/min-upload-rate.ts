import type { Readable } from 'node:stream';
import { SlowUploadError } from '../../errors.ts';
import { text } from '../../messages/text.ts';

const tickMs = 1_000;
/** Phones lose their connection and come back: an average counts over that time. */
const windowMs = 30_000;

/**
 * Calls `tooSlow` when a body brings less than `minBytesPerS` on average; 0: never. Time in which the server itself
 * pauses the body for lack of memory does not count.
 */
export function watchUploadRate(
  body: Readable,
  minBytesPerS: number,
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
          text(
            'The upload brings less than {least} bytes a second; send it again over a better connection.',
            { least: minBytesPerS },
          ),
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
