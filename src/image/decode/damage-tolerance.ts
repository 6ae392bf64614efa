import sharp, { type Metadata, type SharpOptions } from 'sharp';
import type { ImageFormat } from '../photo.ts';
import { isCutShortError } from './sharp-errors.ts';

type Tolerance = NonNullable<SharpOptions['failOn']>;

/**
 * Phones and chat apps make slightly broken files that every viewer shows. After a strict decode has failed, this
 * says how much a second one may overlook, or `undefined` when the photo is to be refused.
 *
 * The line for a JPEG that ends early: of a baseline file the last 2 % of its rows may be missing (24 rows at least,
 * a quarter of a small photo at most), of a progressive one the last few bytes. For a PNG: checksums may be wrong.
 */
export async function toleranceFor(
  error: unknown,
  { bytes, format, header }: { bytes: Buffer; format: ImageFormat; header: Metadata },
): Promise<Tolerance | undefined> {
  if (format === 'png') return 'truncated';
  if (format !== 'jpeg' || !isCutShortError(error)) return undefined;
  const isWhole = header.isProgressive ? await lacksFewBytes(bytes) : await lacksFewRows(bytes, header);
  return isWhole ? 'none' : undefined;
}

async function lacksFewRows(bytes: Buffer, { width, height }: Metadata): Promise<boolean> {
  // One missing byte costs up to 24 rows here: libjpeg decodes 16 at a time, libvips reads some ahead.
  const missing = Math.ceil(Math.min(Math.max(24, height * 0.02), height / 4));
  const lastNeeded = { left: 0, top: Math.max(0, height - missing - 1), width, height: 1 };
  const row = sharp(bytes, { failOn: 'truncated', sequentialRead: true }).extract(lastNeeded);
  return succeeds(row.raw().toBuffer());
}

const fewBytes = 64;

/**
 * A progressive JPEG is refined over its whole length, so its rows say nothing. With a few zero bytes and an end
 * marker appended, libjpeg complains that data are missing unless what was lost is about as short.
 */
async function lacksFewBytes(bytes: Buffer): Promise<boolean> {
  const mended = Buffer.concat([bytes, Buffer.alloc(fewBytes), Buffer.from([0xff, 0xd9])]);
  const tiny = sharp(mended, { failOn: 'warning' }).resize(8, 8);
  return succeeds(tiny.raw().toBuffer(), /extraneous bytes/);
}

async function succeeds(decode: Promise<unknown>, harmless = /^$/): Promise<boolean> {
  try {
    await decode;
    return true;
  } catch (error) {
    return error instanceof Error && harmless.test(error.message);
  }
}
