/** Entry of the thread in which photos' headers are read. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { PhotoError, TooManyPixelsError } from '../../errors.ts';
import type { Text } from '../../messages/text.ts';
import type { ImageFormat } from '../photo.ts';
import { type InspectionOptions, inspect } from './inspect.ts';
import type { DecodeCost } from './limits.ts';

export type Inspection =
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly cost: DecodeCost; readonly refused?: undefined }
  | {
      readonly refused: { readonly code: string; readonly text: Text; readonly setting?: string | undefined };
    };

const options = workerData as InspectionOptions;
const threadPriority = 2;

// On Linux it is the thread's own. The server answers first: a header is read in a moment, a long one is hostile.
if (process.platform === 'linux')
  try {
    setPriority(threadPriority);
  } catch {
    // Not permitted here.
  }

parentPort?.on('message', (errand: { bytes: Uint8Array<ArrayBuffer>; format: ImageFormat }) => {
  const { bytes, format } = errand;
  try {
    const cost = inspect(Buffer.from(bytes.buffer), format, options);
    parentPort?.postMessage({ bytes, cost } satisfies Inspection, [bytes.buffer]);
  } catch (error) {
    // Any other error ends the thread, which is replaced.
    if (!(error instanceof PhotoError)) throw error;
    const { code, text } = error;
    const setting = error instanceof TooManyPixelsError ? error.setting : undefined;
    parentPort?.postMessage({ refused: { code, text, setting } } satisfies Inspection);
  }
});
