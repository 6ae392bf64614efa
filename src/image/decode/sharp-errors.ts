import { PhotoError, TooManyPixelsError, UndecodableError } from '../../errors.ts';
import type { ImageFormat } from '../photo.ts';

const cutShort = /premature end|unexpected end|end of file|bad seek|truncated/i;
const outOfMemory = /out of memory|unable to allocate/i;

/** Whether sharp says that the file ends too early. */
export function isCutShortError(error: unknown): boolean {
  return cutShort.test(wordsOf(error));
}

/**
 * The error for the sender of a photo on which sharp fails. It holds none of sharp's words. A lack of memory is not the
 * photo's fault; its error is returned unchanged.
 */
export function photoErrorFor(error: unknown, bytes: Buffer, format: ImageFormat): unknown {
  if (error instanceof PhotoError) return error;
  const words = wordsOf(error);
  if (outOfMemory.test(words)) return error;
  if (words.includes('exceeds pixel limit')) return tooManyPixels();
  if (cutShort.test(words) || endsEarly(bytes, format)) return truncated();
  return new UndecodableError('undecodable_image', 'The photo is damaged and cannot be decoded.');
}

export function tooManyPixels(): PhotoError {
  return new TooManyPixelsError(
    'The photo has more pixels than are accepted; send a smaller rendition of it.',
  );
}

export function truncated(): PhotoError {
  return new UndecodableError(
    'truncated_image',
    'The photo is cut short: part of its image data is missing.',
  );
}

/** For the formats that say where they end, where their decoder doesn't say that they end too early. */
function endsEarly(bytes: Buffer, format: ImageFormat): boolean {
  switch (format) {
    case 'png':
      return bytes.lastIndexOf('IEND') === -1;
    case 'webp':
      return bytes.length < 12 || bytes.readUInt32LE(4) + 8 > bytes.length;
    default:
      return false;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
