import { text } from '../../messages/text.ts';
import { webpCost } from './decode-cost.ts';
import { checkSize, cutShort, type DecodeCost, type PixelLimits, refused, unreadable } from './limits.ts';

const mostChunks = 10_000;
const mostFrames = 5000;

interface Found {
  canvas?: readonly [widthPx: number, heightPx: number];
  picture?: readonly [widthPx: number, heightPx: number];
  isLossless: boolean;
  frames: number;
}

/**
 * Reads the RIFF container and the size in the frame headers: RFC 9649, sections 2.3 to 2.7, and RFC 6386, 9.1.
 * @throws PhotoError
 */
export function inspectWebp(bytes: Buffer, limits: PixelLimits): DecodeCost {
  const found: Found = { isLossless: false, frames: 0 };
  walk(bytes, 12, bytes.length, found);
  const sizes = [found.canvas, found.picture].filter((size) => size !== undefined);
  if (!found.picture) throw cutShort();
  for (const [widthPx, heightPx] of sizes) checkSize(widthPx, heightPx, 'webp', limits);
  return webpCost({
    sizeBytes: bytes.length,
    pixels: Math.max(...sizes.map(([widthPx, heightPx]) => widthPx * heightPx)),
    isLossless: found.isLossless,
    isAnimated: found.frames > 0,
  });
}

function walk(bytes: Buffer, from: number, end: number, found: Found): void {
  let chunks = 0;
  for (let at = from; at + 8 <= end; ) {
    chunks += 1;
    if (chunks > mostChunks) throw refused('it is made of thousands of chunks');
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const content = bytes.subarray(at + 8, Math.min(end, at + 8 + length));
    readChunk(type, content, found);
    at += 8 + length + (length % 2);
  }
}

function readChunk(type: string, content: Buffer, found: Found): void {
  switch (type) {
    case 'VP8X':
      if (content.length < 10) throw cutShort();
      found.canvas = [content.readUIntLE(4, 3) + 1, content.readUIntLE(7, 3) + 1];
      break;
    case 'ANMF':
      found.frames += 1;
      if (found.frames > mostFrames)
        throw refused(text('it has more than {most} frames', { most: mostFrames }));
      // Only the first frame is decoded.
      if (found.frames === 1) walk(content, 16, content.length, found);
      break;
    case 'ALPH':
      found.isLossless = true;
      break;
    case 'VP8 ':
      if (content.length < 10) throw cutShort();
      if (content.readUIntBE(3, 3) !== 0x9d012a)
        throw unreadable('its picture does not begin with a key frame');
      found.picture ??= [content.readUInt16LE(6) & 0x3fff, content.readUInt16LE(8) & 0x3fff];
      break;
    case 'VP8L': {
      if (content.length < 5) throw cutShort();
      if (content[0] !== 0x2f) throw unreadable('its picture does not begin as a lossless one');
      const size = content.readUInt32LE(1);
      found.picture ??= [(size & 0x3fff) + 1, ((size >>> 14) & 0x3fff) + 1];
      found.isLossless = true;
    }
  }
}
