import type { ImageFormat } from '../photo.ts';
import { inspectGif } from './gif.ts';
import { inspectAvif, inspectHeic } from './iso-media.ts';
import { inspectJpeg } from './jpeg.ts';
import type { DecodeCost, PixelLimits } from './limits.ts';
import { inspectPng } from './png.ts';
import { inspectWebp } from './webp.ts';

export interface InspectionOptions {
  readonly limits: PixelLimits;
  /** Long edge from which on a HEIC's thumbnail is decoded in the picture's place. */
  readonly thumbnailPx: number;
}

/**
 * Reads what a file says about itself, in time and memory bounded by its length, and estimates what its decode
 * costs. Every photo passes here before native code sees it.
 * @throws PhotoError what no camera, phone or chat app makes
 */
export function inspect(
  bytes: Buffer,
  format: ImageFormat,
  { limits, thumbnailPx }: InspectionOptions,
): DecodeCost {
  switch (format) {
    case 'jpeg':
      return inspectJpeg(bytes, limits);
    case 'png':
      return inspectPng(bytes, limits);
    case 'webp':
      return inspectWebp(bytes, limits);
    case 'gif':
      return inspectGif(bytes, limits);
    case 'avif':
      return inspectAvif(bytes, limits);
    case 'heic':
      return inspectHeic(bytes, limits, thumbnailPx);
    default:
      throw format satisfies never;
  }
}
