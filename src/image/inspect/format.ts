import { UnsupportedFormatError } from '../../errors.ts';
import { text, textOf } from '../../messages/text.ts';
import type { ImageFormat } from '../photo.ts';
import { nameOfOther } from './other-formats.ts';

/** Brands of ISO base media files (ISO/IEC 14496-12 `ftyp`) that hold one still picture, by its coding. */
const avifBrands = new Set(['avif', 'avis']);
const heicBrands = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']);
const heifBrands = new Set(['mif1', 'msf1', 'mif2']);

/**
 * Which accepted format the bytes are, by their content alone: labels and file names lie. MPO files, Ultra-HDR and
 * motion photos begin as the JPEG they are shown as.
 * @param options.heic false where HEIC is switched off
 * @throws UnsupportedFormatError naming what it is instead, where that can be told
 */
export function formatOf(bytes: Buffer, { heic = true }: { readonly heic?: boolean } = {}): ImageFormat {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'jpeg';
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp';
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return 'gif';
  const coding = codingOfIsoMedia(bytes);
  if (coding === 'avif') return 'avif';
  if (coding === 'heic') {
    if (heic) return 'heic';
    throw new UnsupportedFormatError(
      'HEIC photos are not accepted by this service; send the photo as JPEG (phones call it "most compatible").',
    );
  }
  if (bytes.length === 0) throw new UnsupportedFormatError('The file is empty; send the bytes of a photo.');
  const name = nameOfOther(bytes);
  const formats = `JPEG, PNG, WebP, GIF, AVIF${heic ? ', HEIC' : ''}`;
  throw new UnsupportedFormatError(
    name
      ? text('The file is {kind}; the service accepts photos as {formats}.', { kind: textOf(name), formats })
      : text('The file is not in an image format that the service accepts ({formats}).', { formats }),
  );
}

/** Reads the brands of an `ftyp` box: the major one, then the compatible ones. */
function codingOfIsoMedia(bytes: Buffer): 'avif' | 'heic' | undefined {
  if (ascii(bytes, 4, 8) !== 'ftyp') return undefined;
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256);
  const brands = [ascii(bytes, 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(ascii(bytes, at, at + 4));
  const [major = ''] = brands;
  if (!avifBrands.has(major) && !heicBrands.has(major) && !heifBrands.has(major)) return undefined;
  const telling = brands.find((brand) => avifBrands.has(brand) || heicBrands.has(brand));
  return telling !== undefined && avifBrands.has(telling) ? 'avif' : 'heic';
}

function startsWith(bytes: Buffer, signature: readonly number[]): boolean {
  return signature.every((byte, at) => bytes[at] === byte);
}

function ascii(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to);
}
