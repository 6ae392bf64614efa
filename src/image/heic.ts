import { PhotoError, UndecodableError } from '../errors.ts';
import { itemsOf } from './firewall/iso-items.ts';
import { thumbnailOf } from './firewall/iso-media.ts';
import { LibHeifError, openHeif, type RawPicture } from './libheif.ts';
import { truncated } from './sharp-errors.ts';

export interface HeicPicture {
  /** Of the photo itself, upright. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** The photo, or a thumbnail of it. */
  readonly raw: RawPicture;
}

/**
 * Decodes a HEIC photo as it is shown: turned and mirrored as its container says (EXIF orientation does not count in
 * HEIF). A thumbnail in it is some twenty times cheaper.
 * @param thumbnailPx long edge from which on a thumbnail will do
 * @throws UndecodableError
 */
export function decodeHeic(bytes: Buffer, thumbnailPx: number): HeicPicture {
  try {
    const file = openHeif(bytes);
    const thumbnail = thumbnailOf(itemsOf(bytes), thumbnailPx);
    const raw = file.decode(thumbnail?.id);
    return { widthPx: file.widthPx, heightPx: file.heightPx, raw };
  } catch (error) {
    if (error instanceof PhotoError) throw error;
    if (error instanceof LibHeifError && error.isCutShort) throw truncated();
    // Also a trap of WebAssembly: it leaves an instance that nobody uses again.
    throw new UndecodableError('undecodable_image', 'The photo is damaged and cannot be decoded.');
  }
}
