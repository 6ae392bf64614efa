import type { Fingerprint } from '../photo.ts';
import { downscale, type RawPicture } from './downscale.ts';

/** Edge of the grid of brightness. */
const brightnessEdge = 28;
/** Edge of the grid of colours; its cells are blocks of the other's. */
const coloursEdge = 4;

/** Below this deviation of its brightness a picture has nothing to be told by, such as an empty page. */
const faintestContrast = 4;

/** The 20 lowest frequencies but the constant one, as [across, down]. */
const frequencies = Array.from({ length: 49 }, (_, index) => [index % 7, Math.floor(index / 7)] as const)
  .filter(([across, down]) => across + down > 0)
  .sort((a, b) => a[0] + a[1] - (b[0] + b[1]) || a[0] - b[0])
  .slice(0, 20);

const cosines = Array.from({ length: 7 }, (_, frequency) =>
  Float64Array.from({ length: brightnessEdge }, (_, at) =>
    Math.cos((Math.PI * frequency * (2 * at + 1)) / (2 * brightnessEdge)),
  ),
);

/** A frequency so weak may have the other sign in another encoding: they differ by less (bench/near-duplicates.ts). */
const doubtfulStrength = 0.2;
/** This many of the weakest doubtful signs are tried both ways. */
const mostDoubtful = 6;

/**
 * What a picture looks like, as encodings of it in any size share it: brightness and colours on coarse grids, and
 * what such a picture is searched by, the signs of its lowest frequencies (a DCT hash, after Zauner, "Implementation
 * and Benchmarking of Perceptual Image Hash Functions", 2010).
 * @param size of the photo itself, upright
 * @returns nothing for a picture without features
 */
export function fingerprintOf(
  picture: RawPicture,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): Fingerprint | undefined {
  const means = downscale(picture, brightnessEdge);
  const brightness = brightnessOf(means);
  const contrast = contrastOf(brightness);
  if (contrast < faintestContrast) return undefined;
  const aspect = Math.max(1, Math.min(Math.round((widthPx / heightPx) * 1000), 65_535));
  return { ...signsOf(brightness), brightness, colours: coloursOf(means), aspect, contrast };
}

/** Standard deviation. */
function contrastOf(brightness: Uint8Array): number {
  let [sum, squares] = [0, 0];
  for (const level of brightness) {
    sum += level;
    squares += level * level;
  }
  const mean = sum / brightness.length;
  return Math.sqrt(Math.max(0, squares / brightness.length - mean * mean));
}

function brightnessOf(means: Float64Array): Uint8Array {
  return Uint8Array.from({ length: brightnessEdge ** 2 }, (_, cell) => {
    const [red = 0, green = 0, blue = 0] = means.subarray(cell * 3, cell * 3 + 3);
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  });
}

function coloursOf(means: Float64Array): Uint8Array {
  const sums = new Float64Array(coloursEdge ** 2 * 3);
  const block = brightnessEdge / coloursEdge;
  for (const [at, mean] of means.entries()) {
    const [cell, channel] = [Math.floor(at / 3), at % 3];
    const [x, y] = [cell % brightnessEdge, Math.floor(cell / brightnessEdge)];
    const to = (Math.floor(y / block) * coloursEdge + Math.floor(x / block)) * 3 + channel;
    sums[to] = (sums[to] ?? 0) + mean;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / block ** 2));
}

function signsOf(brightness: Uint8Array): Pick<Fingerprint, 'bits' | 'nearBits'> {
  const strengths = strengthsOf(brightness);
  const bits = strengths.reduce((signs, strength) => signs * 2 + (strength > 0 ? 1 : 0), 0);
  const doubtful = strengths
    .map((strength, index) => ({ size: Math.abs(strength), bit: 2 ** (frequencies.length - 1 - index) }))
    .filter(({ size }) => size < doubtfulStrength)
    .sort((a, b) => a.size - b.size)
    .slice(0, mostDoubtful);
  const nearBits = [bits];
  for (const { bit } of doubtful) nearBits.push(...nearBits.map((one) => one ^ bit));
  return { bits, nearBits };
}

/** The mean of brightness × cosine for each frequency. */
function strengthsOf(brightness: Uint8Array): number[] {
  const alongRows = cosines.map((cosine) =>
    Float64Array.from({ length: brightnessEdge }, (_, y) => {
      let sum = 0;
      for (let x = 0; x < brightnessEdge; x += 1)
        sum += (brightness[y * brightnessEdge + x] ?? 0) * (cosine[x] ?? 0);
      return sum;
    }),
  );
  return frequencies.map(([across, down]) => {
    let sum = 0;
    for (let y = 0; y < brightnessEdge; y += 1)
      sum += (alongRows[across]?.[y] ?? 0) * (cosines[down]?.[y] ?? 0);
    return sum / brightnessEdge ** 2;
  });
}
