import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type PhotoError, UndecodableError } from '../../errors.ts';
import { timerAfterIo } from '../../resilience/timer-after-io.ts';
import type { ImageFormat } from '../photo.ts';
import { photoErrorOf } from '../photo-errors.ts';
import type { InspectionOptions } from './inspect.ts';
import type { Inspection } from './inspector-thread.ts';
import type { DecodeCost } from './limits.ts';

/** The bytes after their way through the thread, and the estimated cost of their decode. */
export interface Inspected {
  readonly bytes: Buffer;
  readonly cost: DecodeCost;
}

/** Reads photos' headers in a thread of its own: some have to be read to their last byte. */
export interface Inspector {
  /**
   * Takes the memory of `bytes` along, without a copy, and gives it back in another Buffer.
   * @throws PhotoError the photo is refused
   */
  inspect(bytes: Buffer, format: ImageFormat): Promise<Inspected>;
  close(): Promise<void>;
}

export interface InspectorOptions extends InspectionOptions {
  /** Wall clock of one inspection, which takes 15 ms at most: only a mistake of ours reaches this. */
  readonly timeoutMs?: number;
}

interface Request {
  readonly bytes: Buffer;
  readonly format: ImageFormat;
  readonly resolve: (inspected: Inspected) => void;
  readonly reject: (reason: PhotoError) => void;
}

/** A photo that stops the thread may not be safe to decode. */
const stopped = () =>
  new UndecodableError('refused_image', 'The photo could not be checked, so it is not decoded.');

/** One photo at a time: if the thread has to be replaced, no other is in it. */
export function openInspector({ timeoutMs = 5000, ...options }: InspectorOptions): Inspector {
  const waiting: Request[] = [];
  let thread = start();
  let running: Request | undefined;
  let stopClock = () => {};
  let isClosed = false;

  function start(): Worker {
    const started = new Worker(new URL('./inspector-thread.ts', import.meta.url), {
      workerData: options,
      execArgv: [],
      env: cacheEnv(),
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
    });
    started.unref();
    started.on('message', (inspection: Inspection) => started === thread && finish(inspection));
    started.on('error', () => started === thread && replace());
    started.on('exit', () => started === thread && replace());
    return started;
  }

  function next(): void {
    if (running) return;
    running = waiting.shift();
    if (!running) {
      thread.unref();
      return;
    }
    thread.ref();
    stopClock = timerAfterIo(replace, timeoutMs);
    const bytes = movable(running.bytes);
    thread.postMessage({ bytes, format: running.format }, [bytes.buffer]);
  }

  function finish(inspection: Inspection): void {
    stopClock();
    const request = running;
    running = undefined;
    const { refused } = inspection;
    if (refused) request?.reject(photoErrorOf(refused.code, refused.text, refused.setting));
    else request?.resolve({ bytes: Buffer.from(inspection.bytes.buffer), cost: inspection.cost });
    next();
  }

  function replace(): void {
    stopClock();
    const [gone, lost] = [thread, running];
    running = undefined;
    if (!isClosed) thread = start();
    void gone.terminate();
    lost?.reject(stopped());
    if (!isClosed) next();
  }

  return {
    inspect(bytes, format) {
      const { promise, resolve, reject } = Promise.withResolvers<Inspected>();
      if (isClosed) reject(stopped());
      else waiting.push({ bytes, format, resolve, reject });
      next();
      return promise;
    },
    async close() {
      isClosed = true;
      for (const request of waiting.splice(0)) request.reject(stopped());
      await thread.terminate();
    },
  };
}

/** The thread's environment: where Node.js keeps compiled modules, if it does, and nothing else. */
function cacheEnv(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

/** Memory that is shared with other Buffers, as that of small ones is, can't be moved. */
function movable(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) return new Uint8Array(buffer);
  return new Uint8Array(bytes);
}
