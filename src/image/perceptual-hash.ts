import type { Look } from './photo.ts';

/** Edge of the square that a look is made of, whatever the photo's own shape. */
export const lookEdgePx = 32;

/** Edge of the coarse picture of colours. */
const cells = 4;

/** The 64 lowest frequencies but the constant one, as [across, down]: those that encodings of one picture share. */
const frequencies = Array.from({ length: 121 }, (_, index) => [index % 11, Math.floor(index / 11)] as const)
  .filter(([across, down]) => across + down > 0)
  .sort((a, b) => a[0] + a[1] - (b[0] + b[1]) || a[0] - b[0])
  .slice(0, 64);

const cosines = Array.from({ length: 11 }, (_, frequency) =>
  Float64Array.from({ length: lookEdgePx }, (_, at) =>
    Math.cos((Math.PI * frequency * (2 * at + 1)) / (2 * lookEdgePx)),
  ),
);

/** Below it a picture is one colour all over, and the signs of its frequencies are noise. */
const faintest = 1;

/**
 * What a photo looks like: the signs of its lowest frequencies (a DCT hash, after Zauner, "Implementation and
 * Benchmarking of Perceptual Image Hash Functions", 2010) and its colours on a coarse grid.
 * @param rgb `lookEdgePx`² pixels, three interleaved channels
 * @returns nothing for a picture without features
 */
export function lookOf(rgb: Uint8Array, widthPx: number, heightPx: number): Look | undefined {
  const along = sumsAlongRows(greyOf(rgb));
  const strengths = frequencies.map(([across, down]) => strengthOf(along, across, down));
  const sorted = strengths.map(Math.abs).sort((a, b) => a - b);
  if ((sorted[32] ?? 0) < faintest) return undefined;
  const bits = strengths.map((strength) => (strength > 0 ? '1' : '0')).join('');
  const doubtful = strengths
    .map((strength, bit) => ({ bit, margin: Math.abs(strength) }))
    .sort((a, b) => a.margin - b.margin)
    .slice(0, 32)
    .map(({ bit }) => bit);
  return {
    hash: BigInt(`0b${bits}`).toString(16).padStart(16, '0'),
    doubtful,
    colours: coloursOf(rgb),
    aspect: Math.min(Math.round((widthPx / heightPx) * 1000), 65_535),
  };
}

function greyOf(rgb: Uint8Array): Float64Array {
  const grey = new Float64Array(lookEdgePx ** 2);
  for (let pixel = 0, at = 0; pixel < grey.length; pixel += 1, at += 3)
    grey[pixel] = 0.299 * (rgb[at] ?? 0) + 0.587 * (rgb[at + 1] ?? 0) + 0.114 * (rgb[at + 2] ?? 0);
  return grey;
}

/** The first half of a separable transform: for each frequency across, a sum for each row. */
function sumsAlongRows(grey: Float64Array): Float64Array[] {
  return cosines.map((cosine) => {
    const sums = new Float64Array(lookEdgePx);
    for (let y = 0; y < lookEdgePx; y += 1) {
      let sum = 0;
      for (let x = 0; x < lookEdgePx; x += 1) sum += (grey[y * lookEdgePx + x] ?? 0) * (cosine[x] ?? 0);
      sums[y] = sum;
    }
    return sums;
  });
}

/** The mean of `cosine × grey`, so that it does not depend on the edge. */
function strengthOf(along: readonly Float64Array[], across: number, down: number): number {
  const [sums, cosine] = [along[across], cosines[down]];
  let sum = 0;
  for (let y = 0; y < lookEdgePx; y += 1) sum += (sums?.[y] ?? 0) * (cosine?.[y] ?? 0);
  return sum / lookEdgePx;
}

function coloursOf(rgb: Uint8Array): string {
  const sums = new Float64Array(cells * cells * 3);
  const cellPx = lookEdgePx / cells;
  for (let pixel = 0; pixel < lookEdgePx ** 2; pixel += 1) {
    const [x, y] = [pixel % lookEdgePx, Math.floor(pixel / lookEdgePx)];
    const cell = (Math.floor(y / cellPx) * cells + Math.floor(x / cellPx)) * 3;
    for (let channel = 0; channel < 3; channel += 1)
      sums[cell + channel] = (sums[cell + channel] ?? 0) + (rgb[pixel * 3 + channel] ?? 0);
  }
  return Buffer.from(Uint8Array.from(sums, (sum) => Math.round(sum / cellPx ** 2))).toString('hex');
}
