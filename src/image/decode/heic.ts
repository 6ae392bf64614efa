import { PhotoError, UndecodableError } from '../../errors.ts';
import { itemsOf } from '../inspect/iso-items.ts';
import { thumbnailOf } from '../inspect/iso-media.ts';
import { type HeifFile, LibHeifError, openHeif, type RawPicture } from './libheif.ts';
import { tooManyPixels, truncated } from './sharp-errors.ts';

export interface HeicPicture {
  /** Of the photo itself, upright. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** The photo, or a thumbnail of it. */
  readonly raw: RawPicture;
  /** ICC profile of its colours; sRGB where there is none. */
  readonly profile?: Buffer;
}

export interface HeicOptions {
  /** Long edge from which on a thumbnail will do. */
  readonly thumbnailPx: number;
  /** A photo of more is shown by its thumbnail or not at all. */
  readonly limitPixels: number;
}

/**
 * Decodes a HEIC photo in its displayed orientation: turned and mirrored as its container says (EXIF orientation does not count in
 * HEIF). A thumbnail in it is some twenty times cheaper; where it can't be decoded, or is not the picture it is said
 * to be, the photo itself is.
 * @throws PhotoError
 */
export function decodeHeic(bytes: Buffer, { thumbnailPx, limitPixels }: HeicOptions): HeicPicture {
  try {
    const thumbnail = thumbnailOf(itemsOf(bytes), thumbnailPx);
    const byThumbnail = thumbnail && decodedBy(bytes, thumbnail.id);
    return byThumbnail ?? wholeOf(bytes, limitPixels);
  } catch (error) {
    if (error instanceof PhotoError) throw error;
    if (error instanceof LibHeifError && error.isCutShort) throw truncated();
    // Also a trap of WebAssembly, after which the instance is not used again.
    throw new UndecodableError('undecodable_image', 'The photo is damaged and cannot be decoded.');
  }
}

function decodedBy(bytes: Buffer, thumbnail: number): HeicPicture | undefined {
  const file = openHeif(bytes);
  const { widthPx, heightPx } = file;
  try {
    const raw = file.decode(thumbnail);
    const isAlike = Math.abs((raw.widthPx / raw.heightPx) * (heightPx / widthPx) - 1) < 0.05;
    return isAlike ? pictureOf(file, raw) : undefined;
  } catch {
    return undefined;
  }
}

/** In an instance of its own: one that has failed is used no more. */
function wholeOf(bytes: Buffer, limitPixels: number): HeicPicture {
  const file = openHeif(bytes);
  if (file.widthPx * file.heightPx > limitPixels) throw tooManyPixels();
  return pictureOf(file, file.decode(undefined));
}

function pictureOf({ widthPx, heightPx, profile }: HeifFile, raw: RawPicture): HeicPicture {
  return { widthPx, heightPx, raw, ...(profile && { profile }) };
}
