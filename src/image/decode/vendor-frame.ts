import type { Sharp } from 'sharp';

export interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** How a picture is shown to a vendor that takes no sliver of it. */
export interface VendorFrame {
  /** Of what is shown of the picture. */
  readonly shown: Size;
  /** With white around it. */
  readonly padded: Size;
  /** Which part is shown of a picture that is too long. */
  readonly position: 'top' | 'centre';
}

/** Vision models count patches of 14 to 32 px, and servers fail where an edge has none. */
const leastEdgePx = 32;
/** Beyond it a picture in so few pixels is a line. */
const mostRatio = 8;

/**
 * The frame of a picture that vendors would refuse unchanged: of a long screenshot its beginning, of a wide banner its
 * middle, of a sticker all of it on white.
 * @param edgePx longest edge that is sent
 * @returns undefined where the whole picture will do
 */
export function vendorFrame({ widthPx, heightPx }: Size, edgePx: number): VendorFrame | undefined {
  const [longPx, shortPx] = [Math.max(widthPx, heightPx), Math.min(widthPx, heightPx)];
  const shownLongPx = Math.min(longPx, shortPx * mostRatio);
  const scale = Math.min(1, edgePx / shownLongPx);
  const long = Math.max(1, Math.round(shownLongPx * scale));
  const short = Math.max(1, Math.round(shortPx * scale));
  const paddedLong = Math.max(long, leastEdgePx);
  const paddedShort = Math.max(short, leastEdgePx, Math.ceil(long / mostRatio));
  if (shownLongPx === longPx && paddedLong === long && paddedShort === short) return undefined;
  const isTall = heightPx > widthPx;
  const sizeOf = (one: number, other: number): Size =>
    isTall ? { widthPx: other, heightPx: one } : { widthPx: one, heightPx: other };
  return {
    shown: sizeOf(long, short),
    padded: sizeOf(paddedLong, paddedShort),
    position: isTall ? 'top' : 'centre',
  };
}

export function framed(image: Sharp, { shown, padded, position }: VendorFrame): Sharp {
  const [x, y] = [padded.widthPx - shown.widthPx, padded.heightPx - shown.heightPx];
  const [left, top] = [x >> 1, y >> 1];
  return image
    .resize(shown.widthPx, shown.heightPx, { fit: 'cover', position })
    .extend({ left, top, right: x - left, bottom: y - top, background: '#fff' });
}
