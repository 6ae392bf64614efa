import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { BadRequestError, MediaTypeError, TooLargeError } from '../../errors.ts';
import type { ByteBudget } from '../../image/upload/byte-budget.ts';
import { type ReceivedUpload, type ReceiveOptions, receiveUpload } from '../../image/upload/receive.ts';
import { text } from '../../messages/text.ts';
import type { BatchPhoto } from '../../photos/classify-batch.ts';
import { identityOf } from '../../stats/caller-identity.ts';

export interface PhotoFormParts {
  readonly limits: {
    readonly fileBytes: number;
  };
  readonly budget: ByteBudget;
}

export interface PhotoFormOptions {
  /** Name of the file parts. */
  readonly photoField: 'image' | 'images';
  readonly maxPhotos: number;
  /** Bound of the whole body, in bytes. */
  readonly maxBytes: number;
}

/** Text parts of a form, by name. JSON-labelled parts arrive parsed. */
export type FormFields = Record<string, unknown>;

const maxFieldBytes = 1_000_000;
const maxFields = 32;

/**
 * Reads a multipart form as it arrives: `onPhoto` is called for each photo when its last byte is there, while the
 * next one is still on its way. Resolves with the text parts, wherever they stood.
 * @throws MediaTypeError no form
 * @throws BadRequestError malformed, too many photos, none at all
 * @throws TooLargeError the body passes its bound
 * @throws SlowUploadError it hardly comes, and others wait for its memory
 */
export async function readPhotoForm(
  request: FastifyRequest,
  { limits, budget }: PhotoFormParts,
  options: PhotoFormOptions,
  disconnect: AbortSignal,
  onPhoto: (part: BatchPhoto) => void,
): Promise<FormFields> {
  checkContentType(request.headers['content-type'], options.photoField);
  const bound = boundedBody(request, { ...options, ...limits }, disconnect);
  const { signal } = bound;
  // A user id is no proof of a sender: any caller can send any number of them.
  const sender = identityOf({ address: request.ip }).claimant;
  const fields: FormFields = Object.create(null);
  let photos = 0;
  let lane: BatchPhoto['lane'];
  let announcedBytes = Number(request.headers['content-length']) || undefined;
  const parts = request.parts({
    isPartAFile: (name) => name === options.photoField,
    limits: {
      fileSize: limits.fileBytes,
      files: options.maxPhotos + 1,
      fields: maxFields,
      fieldSize: maxFieldBytes,
      parts: options.maxPhotos + maxFields + 1,
      headerPairs: 32,
    },
  });
  try {
    for (;;) {
      const next = await orAborted(parts.next(), signal);
      if (next.done) break;
      const part = next.value;
      if (part.type === 'field') {
        if (part.fieldname === 'lane' && isLane(part.value, photos))
          lane = part.value === '' ? undefined : 'album';
        if (!part.valueTruncated) fields[part.fieldname] = part.value;
        else if (part.fieldname.startsWith('image_'))
          throw new BadRequestError(
            'malformed_body',
            text('The text part `{name}` is too long.', { name: part.fieldname }),
          );
        continue;
      }
      if (photos === options.maxPhotos) throw tooManyPhotos(options);
      const received = await receivePhoto(part, {
        limitBytes: limits.fileBytes,
        announcedBytes,
        budget,
        sender,
        signal,
      });
      if (announcedBytes && !(received instanceof Error)) announcedBytes -= received.bytes.length;
      onPhoto({ index: photos, filename: part.filename ?? '', received, ...(lane && { lane }) });
      photos += 1;
    }
  } finally {
    bound.stop();
  }
  if (photos === 0)
    throw new BadRequestError(
      'missing_part',
      text('The form must have a file part named `{name}`.', { name: options.photoField }),
    );
  return fields;
}

/**
 * Photos are classified as they arrive, so a lane counts for the photos behind it. Behind a photo that may have cost
 * money no lane is refused: one that does not exist changes nothing there.
 * @throws BadRequestError the first photo is still to come
 */
function isLane(value: unknown, photos: number): boolean {
  if (value === '' || value === 'album') return true;
  if (photos > 0) return false;
  throw new BadRequestError('invalid_request', 'The text part `lane` must be `album` or absent.');
}

/** RFC 2046, 5.1.1. The parser searches the whole body for it, and takes none that is longer than a few hundred. */
const longestBoundary = 70;

/** For a body that is no form, such as JSON or the bare photo. */
export function photoFormWanted(field: PhotoFormOptions['photoField']): MediaTypeError {
  return new MediaTypeError(
    text(
      'Send a form (`multipart/form-data`) with the photo in a file part named `{field}`, as `curl -F {field}=@photo.jpg` does; neither the bare photo nor JSON is read here.',
      { field },
    ),
  );
}

function checkContentType(contentType = '', field: PhotoFormOptions['photoField']): void {
  if (!/^\s*multipart\/form-data\b/i.test(contentType)) throw photoFormWanted(field);
  const [, quoted, plain = ''] = /boundary=(?:"([^"]*)"|([^;]*))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain.trim();
  if (boundary === '')
    throw new BadRequestError(
      'malformed_body',
      'The Content-Type of the form names no boundary; leave that header to the program that writes the form.',
    );
  if (boundary.length > longestBoundary)
    throw new BadRequestError('malformed_body', 'The boundary of the form is longer than 70 characters.');
}

async function receivePhoto(
  part: MultipartFile,
  options: ReceiveOptions,
): Promise<ReceivedUpload | TooLargeError> {
  try {
    return await receiveUpload(part.file, options);
  } catch (error) {
    if (error instanceof TooLargeError && error.code === 'file_too_large') return error;
    throw error;
  }
}

function tooManyPhotos({ maxPhotos, photoField }: PhotoFormOptions): BadRequestError {
  return new BadRequestError(
    'too_many_items',
    text('At most {most} `{name}` parts are accepted.', { most: maxPhotos, name: photoField }),
  );
}

/**
 * Refuses a body that says it is too large at once, and one that turns out to be as soon as it does. Its signal aborts
 * with the caller's, too.
 */
function boundedBody(
  request: FastifyRequest,
  { maxBytes, maxPhotos, fileBytes }: PhotoFormOptions & PhotoFormParts['limits'],
  disconnect: AbortSignal,
) {
  const inMegabytes = (bytes: number) => Math.floor(bytes / 1_000_000);
  const tooLarge = () =>
    new TooLargeError(
      'body_too_large',
      maxPhotos === 1
        ? text('The body is too large: a photo may have at most {limit} MB.', {
            limit: inMegabytes(fileBytes),
          })
        : text('The body is larger than {limit} MB.', { limit: inMegabytes(maxBytes) }),
    );
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge();
  const controller = new AbortController();
  let seenBytes = 0;
  const count = (chunk: Buffer) => {
    seenBytes += chunk.length;
    if (seenBytes > maxBytes) controller.abort(tooLarge());
  };
  // The parser pipes from the same stream in this very tick, so this listener starts no flow of its own.
  request.raw.on('data', count);
  const abort = () => controller.abort(disconnect.reason);
  // By hand: to listen to a signal of `AbortSignal.any` takes a tenth of a millisecond.
  disconnect.addEventListener('abort', abort, { once: true });
  if (disconnect.aborted) abort();
  const stop = () => {
    disconnect.removeEventListener('abort', abort);
    request.raw.off('data', count);
  };
  return { signal: controller.signal, stop };
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
