import { TooManyPixelsError, UndecodableError } from '../../errors.ts';
import { type Message, text, textOf } from '../../messages/text.ts';

/** Estimated cost of a decode, from the header of the photo. */
export interface DecodeCost {
  /** On one core of the machine that the figures in cost.ts were measured on. */
  readonly cpuMs: number;
  /** Memory that the decode takes beside what its process holds anyway, the file's own bytes included. */
  readonly megabytes: number;
}

/** Ways of coding that differ in what a pixel costs. */
export type Coding = 'jpeg' | 'progressive' | 'png' | 'interlaced' | 'webp' | 'gif' | 'avif' | 'heic';

export type PixelLimits = Readonly<Record<Coding, number>>;

/**
 * Most pixels of each coding, so that one photo takes a decoder about two seconds and half a gigabyte at most. Phones
 * make baseline JPEGs and HEICs of 50 megapixels and panoramas of 100, and nothing large of any other kind.
 */
export const defaultPixelLimits: PixelLimits = {
  jpeg: 100e6,
  progressive: 25e6,
  png: 50e6,
  interlaced: 16e6,
  webp: 50e6,
  gif: 16e6,
  avif: 16e6,
  heic: 50e6,
};

/** The limits of an operator over ours; none is above `mostPx`, which is that of a usual JPEG. */
export function pixelLimitsOf(mostPx: number, named: Readonly<Record<string, number>> = {}): PixelLimits {
  const limits: PixelLimits = { ...defaultPixelLimits, ...named, jpeg: mostPx };
  const bounded = Object.entries(limits).map(([kind, limitPx]) => [kind, Math.min(limitPx, mostPx)]);
  return Object.fromEntries(bounded) as PixelLimits;
}

/** No file format of phones and no decoder here can say more. */
const longestEdgePx = 65_535;

const names: Record<Coding, Message> = {
  jpeg: 'a JPEG',
  progressive: 'a progressive JPEG',
  png: 'a PNG',
  interlaced: 'an interlaced PNG',
  webp: 'a WebP',
  gif: 'a GIF',
  avif: 'an AVIF',
  heic: 'a HEIC without a thumbnail',
};

/** @throws TooManyPixelsError, UndecodableError for a size of nothing */
export function checkSize(widthPx: number, heightPx: number, coding: Coding, limits: PixelLimits): void {
  if (widthPx === 0 || heightPx === 0) throw unreadable('its header says that it has no pixels');
  const limitPx = limits[coding];
  if (widthPx * heightPx > limitPx)
    throw new TooManyPixelsError(
      text(
        'The photo has {width} × {height} pixels; {coding} may have {limit} million. Send a smaller rendition of it.',
        { width: widthPx, height: heightPx, coding: textOf(names[coding]), limit: Math.floor(limitPx / 1e6) },
      ),
      settingOf(coding, limits),
    );
  if (Math.max(widthPx, heightPx) > longestEdgePx)
    throw new TooManyPixelsError(
      text(
        'The photo has {width} × {height} pixels; each edge may have {limit}. Send a smaller rendition of it.',
        { width: widthPx, height: heightPx, limit: longestEdgePx },
      ),
    );
}

/** The lower one of the two limits that count for a coding: the setting of its own, or that of every photo. */
function settingOf(coding: Coding, limits: PixelLimits): string {
  const megapixels = limits[coding] / 1e6;
  return limits[coding] < limits.jpeg
    ? `MEGAPIXEL_LIMITS=${coding}:${megapixels}`
    : `MAX_MEGAPIXELS=${megapixels}`;
}

/** What no camera, phone or chat app makes, and a decoder would suffer from. `reason` completes a sentence. */
export function refused(reason: Message): UndecodableError {
  return new UndecodableError(
    'refused_image',
    text('The photo is not accepted: {reason}. Send it as a usual JPEG.', { reason: textOf(reason) }),
  );
}

export function unreadable(reason: Message): UndecodableError {
  return new UndecodableError(
    'undecodable_image',
    text('The photo is damaged and cannot be decoded: {reason}.', { reason: textOf(reason) }),
  );
}

export function cutShort(): UndecodableError {
  return new UndecodableError('truncated_image', 'The photo is cut short: it ends within its header.');
}
