import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { BadRequestError, TooLargeError } from '../../errors.ts';
import { text } from '../../messages/text.ts';
import type { Upload } from '../photo.ts';
import type { ByteBudget } from './byte-budget.ts';
import { freeMemory, growingBuffer } from './growing-buffer.ts';

export interface ReceivedUpload extends Upload {
  /**
   * Transfers the bytes to `use`, which returns them. They can't be read meanwhile, nor afterwards if `use` failed or
   * they were released.
   */
  transfer<T extends { readonly bytes: Buffer }>(use: (bytes: Buffer) => Promise<T>): Promise<T>;
  /**
   * Drops the bytes and gives them back to the budget. Once; later calls do nothing. Reading `bytes`
   * afterwards throws an Error.
   */
  release(): void;
}

export interface ReceiveOptions {
  /** Of one file. */
  readonly limitBytes: number;
  /** About how many bytes the sender announces, if it does. It may be wrong. */
  readonly announcedBytes?: number | undefined;
  readonly budget: ByteBudget;
  /** Who sends it; see `TicketOptions`. */
  readonly sender?: string;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
}

/** A file part of @fastify/multipart: `truncated` says that it hit the parser's own limit, after its last byte. */
export type FileStream = Readable & { readonly truncated?: boolean };

/**
 * Reads one file to its end, hashing while it arrives. Over the limit, the rest of the part is read and dropped, so
 * that the parts behind it still arrive. However it ends, the stream never blocks its request.
 * @throws TooLargeError file_too_large
 * @throws BadRequestError malformed_body when the stream ends early
 * @throws SlowUploadError others wait for the memory that it holds
 * @throws the signal's reason
 */
export async function receiveUpload(stream: FileStream, options: ReceiveOptions): Promise<ReceivedUpload> {
  const { limitBytes, announcedBytes, budget, sender = '', signal } = options;
  const slow = Promise.withResolvers<never>();
  const ticket = budget.openTicket({ sender, end: slow.reject });
  const hash = createHash('sha256');
  const gathered = growingBuffer(limitBytes, announcedBytes);
  let receivedBytes = 0;

  function keep(chunk: Buffer): Promise<void> | undefined {
    receivedBytes += chunk.byteLength;
    if (receivedBytes > limitBytes) {
      gathered.finish();
      ticket.release();
      return undefined;
    }
    const room = ticket.take(chunk.byteLength);
    hash.update(chunk);
    gathered.append(chunk);
    return room;
  }

  try {
    await readAll(stream, keep, signal, slow.promise);
    if (stream.truncated || receivedBytes > limitBytes) throw tooLarge(limitBytes);
  } catch (error) {
    ticket.release();
    throw error;
  }
  ticket.complete();
  return receivedUpload(gathered.finish(), hash.digest('hex'), (bytes) => {
    if (bytes) freeMemory(bytes);
    ticket.release();
  });
}

/**
 * An upload whose bytes can be dropped while others still hold the upload itself, as waiting callers do.
 * @param onRelease gets the bytes, unless they are transferred
 */
export function receivedUpload(
  bytes: Buffer,
  sha256: string,
  onRelease: (bytes: Buffer | undefined) => void,
): ReceivedUpload {
  let present: Buffer | undefined = bytes;
  let isReleased = false;
  const owned = () => {
    if (!present) throw new Error(`the bytes of this upload were ${isReleased ? 'released' : 'transferred'}`);
    return present;
  };
  return {
    sha256,
    get bytes() {
      return owned();
    },
    async transfer(use) {
      const transferred = owned();
      present = undefined;
      const returned = await use(transferred);
      if (!isReleased) present = returned.bytes;
      return returned;
    },
    release() {
      const released = present;
      present = undefined;
      isReleased = true;
      onRelease(released);
    },
  };
}

/** Calls `keep` with each chunk and doesn't read on before what it returns has resolved. */
function readAll(
  stream: Readable,
  keep: (chunk: Buffer) => Promise<void> | undefined,
  signal: AbortSignal,
  ended: Promise<never>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  ended.catch(reject);

  /** At once, so that whatever the stream says behind its end is no news. */
  function stopListening(): void {
    signal.removeEventListener('abort', onAbort);
    stream.off('data', onData).off('end', onEnd).off('close', onCut);
  }

  function onData(chunk: Buffer): void {
    const room = keep(chunk);
    if (!room) return;
    stream.pause();
    room.then(
      () => stream.resume(),
      () => undefined,
    );
  }
  const onEnd = () => {
    stopListening();
    resolve();
  };
  const onAbort = () => reject(signal.reason);
  const onCut = () =>
    reject(
      new BadRequestError('malformed_body', 'The upload ended before the file was complete; send it again.'),
    );

  if (signal.aborted) onAbort();
  else if (stream.errored || (stream.destroyed && !stream.readableEnded)) onCut();
  signal.addEventListener('abort', onAbort, { once: true });
  stream.on('data', onData).once('end', onEnd).once('close', onCut);
  // Stays for good: a stream may fail again while what is left of it is dropped.
  stream.on('error', onCut);

  return promise.finally(() => {
    stopListening();
    stream.resume();
  });
}

function tooLarge(limitBytes: number): TooLargeError {
  const unit = limitBytes % 2 ** 20 === 0 ? 2 ** 20 : 1e6;
  const limitMb = Math.round((limitBytes / unit) * 100) / 100;
  return new TooLargeError(
    'file_too_large',
    text('The file is larger than {limit} MB, which is the limit of one photo.', { limit: limitMb }),
  );
}
