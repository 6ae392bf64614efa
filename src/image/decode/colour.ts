import type { Colour } from '../photo.ts';
import type { RawPicture } from './downscale.ts';

/** A part of a picture. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Long edge at which the pixels are counted. */
const countedPx = 256;
/** Of each edge, which may be a frame or a background. */
const cutOff = 0.1;

/** Below it a pixel has no colour. */
const faintestSaturation = 0.15;
/** Of the largest channel of a pixel without colour. */
const blackBelow = 0.2 * 255;
const whiteAbove = 0.9 * 255;

/** Shares of all pixels. */
const mostlyWhite = 0.5;
const mostlyBlack = 0.5;
const mostlyColourless = 0.6;

/** Bands of hue by where each ends, in degrees. Red goes on where the circle begins again. */
const bands: readonly (readonly [endsAt: number, colour: Colour])[] = [
  [15, 'red'],
  [45, 'orange'],
  [70, 'yellow'],
  [160, 'green'],
  [255, 'blue'],
  [290, 'violet'],
  [320, 'pink'],
  [360, 'red'],
];
const hueNames = [...new Set(bands.map(([, colour]) => colour))];
/** For each whole degree the index of its colour in `hueNames`. */
const hueIndex = Uint8Array.from({ length: 360 }, (_, degree) => {
  const band = bands.find(([endsAt]) => degree < endsAt);
  return hueNames.indexOf(band?.[1] ?? 'red');
});

/**
 * The prevailing colour of a picture: white, black or grey if enough pixels have no colour, otherwise the band of
 * hue with most pixels. Hues are counted and never averaged: the mean of red and green is yellow, which is neither.
 * @param region what of the picture is the photo
 */
export function colourOf(picture: RawPicture, region: Region = whole(picture)): Colour {
  const { black, white, colourless, hues, all } = counted(picture, region);
  if (white > mostlyWhite * all) return 'white';
  if (black > mostlyBlack * all) return 'black';
  if (colourless > mostlyColourless * all) return 'grey';
  return hueNames[hues.indexOf(Math.max(...hues))] ?? 'grey';
}

function whole({ widthPx, heightPx }: RawPicture): Region {
  return { left: 0, top: 0, widthPx, heightPx };
}

interface Counts {
  black: number;
  white: number;
  /** Black and white ones included. */
  colourless: number;
  /** For each of `hueNames`. */
  readonly hues: number[];
  all: number;
}

/** In plain JavaScript: a round through sharp's threads takes longer. */
function counted(picture: RawPicture, region: Region): Counts {
  const scale = Math.min(1, countedPx / Math.max(region.widthPx, region.heightPx));
  const columns = spans(region.left, region.widthPx, scale);
  const rows = spans(region.top, region.heightPx, scale);
  const counts: Counts = { black: 0, white: 0, colourless: 0, hues: hueNames.map(() => 0), all: 0 };
  const { data, widthPx } = picture;
  for (const [top, bottom] of rows)
    for (const [left, right] of columns) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let y = top; y < bottom; y += 1) {
        const end = (y * widthPx + right) * 3;
        for (let at = (y * widthPx + left) * 3; at < end; at += 3) {
          red += data[at] as number;
          green += data[at + 1] as number;
          blue += data[at + 2] as number;
        }
      }
      count(counts, red, green, blue, (bottom - top) * (right - left));
    }
  return counts;
}

/** What the pixels along one edge of the smaller picture stand for, without those that are cut off. */
function spans(start: number, lengthPx: number, scale: number): (readonly [from: number, to: number])[] {
  const smallPx = Math.max(1, Math.round(lengthPx * scale));
  const margin = Math.floor(smallPx * cutOff);
  return Array.from({ length: smallPx - 2 * margin }, (_, index) => {
    const from = Math.floor(((margin + index) * lengthPx) / smallPx);
    const to = Math.max(from + 1, Math.floor(((margin + index + 1) * lengthPx) / smallPx));
    return [start + from, start + to];
  });
}

/** Channels are sums over `pixels`. Saturation and hue are ratios, so they need no mean. */
function count(counts: Counts, red: number, green: number, blue: number, pixels: number): void {
  counts.all += 1;
  const most = Math.max(red, green, blue);
  const spread = most - Math.min(red, green, blue);
  if (most === 0 || spread < faintestSaturation * most) {
    counts.colourless += 1;
    if (most < blackBelow * pixels) counts.black += 1;
    else if (most > whiteAbove * pixels) counts.white += 1;
    return;
  }
  const index = hueIndex[Math.floor(hueOf(red, green, blue, most, spread))] as number;
  counts.hues[index] = (counts.hues[index] as number) + 1;
}

/** In degrees, from 0 to below 360. */
function hueOf(red: number, green: number, blue: number, most: number, spread: number): number {
  if (most === red) return 60 * ((green - blue) / spread) + (green < blue ? 360 : 0);
  if (most === green) return 60 * ((blue - red) / spread) + 120;
  return 60 * ((red - green) / spread) + 240;
}
