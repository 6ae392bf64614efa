import { pngCost } from './decode-cost.ts';
import { checkSize, cutShort, type DecodeCost, type PixelLimits, refused, unreadable } from './limits.ts';

/** Bit depths of each colour type, and its channels: PNG specification, table 11.1. */
const colourTypes: Readonly<
  Record<number, { readonly depths: readonly number[]; readonly channels: number }>
> = {
  0: { depths: [1, 2, 4, 8, 16], channels: 1 },
  2: { depths: [8, 16], channels: 3 },
  3: { depths: [1, 2, 4, 8], channels: 1 },
  4: { depths: [8, 16], channels: 2 },
  6: { depths: [8, 16], channels: 4 },
};

/** Beside the picture. Editors write a dozen. */
const mostMetadataChunks = 1000;
/** Picture data come in pieces of 4 KB and more; a few shorter ones are no harm. */
const fewChunks = 10_000;
const leastMeanChunkBytes = 256;
/** @throws PhotoError */
export function inspectPng(bytes: Buffer, limits: PixelLimits): DecodeCost {
  if (bytes.length < 33) throw cutShort();
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') throw unreadable('it does not begin with its header');
  const [widthPx, heightPx] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [depth = 0, colourType = 0, compression, filter, interlace = 0] = bytes.subarray(24, 29);
  const colour = colourTypes[colourType];
  if (!colour?.depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1)
    throw unreadable('its header is not one of a PNG');
  checkSize(widthPx, heightPx, interlace === 1 ? 'interlaced' : 'png', limits);
  checkChunks(bytes);
  return pngCost({
    sizeBytes: bytes.length,
    pixels: widthPx * heightPx,
    isInterlaced: interlace === 1,
    // A palette may bring transparency.
    channels: colourType === 3 ? 4 : colour.channels,
    bytesPerSample: depth === 16 ? 2 : 1,
  });
}

function checkChunks(bytes: Buffer): void {
  let [chunks, metadataChunks] = [0, 0];
  for (let at = 33; at + 8 <= bytes.length; ) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IEND') break;
    chunks += 1;
    if (type !== 'IDAT') metadataChunks += 1;
    if (metadataChunks > mostMetadataChunks || (chunks > fewChunks && at / chunks < leastMeanChunkBytes))
      throw refused('it is made of thousands of tiny chunks');
    at += bytes.readUInt32BE(at) + 12;
  }
}
