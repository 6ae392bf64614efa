import { text } from '../../messages/text.ts';
import { gifCost } from './decode-cost.ts';
import { checkSize, cutShort, type DecodeCost, type PixelLimits, refused, unreadable } from './limits.ts';

/** At 20 frames a second, more than four minutes. */
const mostFrames = 5000;
const mostExtensions = 20_000;

/**
 * Walks the blocks of GIF89a. The decoder lists every frame before it shows the first, on a canvas that holds all.
 * @throws PhotoError
 */
export function inspectGif(bytes: Buffer, limits: PixelLimits): DecodeCost {
  if (bytes.length < 13) throw cutShort();
  let [widthPx, heightPx] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  let [frames, extensions] = [0, 0];
  let at = 13 + colourTableBytes(bytes[10] ?? 0);
  while (at < bytes.length) {
    const introducer = bytes[at];
    if (introducer === 0x2c) {
      if (at + 10 > bytes.length) break;
      frames += 1;
      if (frames > mostFrames) throw refused(text('it has more than {most} frames', { most: mostFrames }));
      widthPx = Math.max(widthPx, bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5));
      heightPx = Math.max(heightPx, bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7));
      at = endOfSubBlocks(bytes, at + 11 + colourTableBytes(bytes[at + 9] ?? 0));
    } else if (introducer === 0x21) {
      extensions += 1;
      if (extensions > mostExtensions) throw refused('it has thousands of comments or extensions');
      at = endOfSubBlocks(bytes, at + 2);
    } else break;
  }
  if (frames === 0) throw bytes[at] === undefined ? cutShort() : unreadable('it has no picture');
  checkSize(widthPx, heightPx, 'gif', limits);
  return gifCost({ sizeBytes: bytes.length, pixels: widthPx * heightPx, frames });
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

function endOfSubBlocks(bytes: Buffer, from: number): number {
  let at = from;
  for (let length = bytes[at]; length !== undefined && length > 0; length = bytes[at]) at += length + 1;
  return at + 1;
}
