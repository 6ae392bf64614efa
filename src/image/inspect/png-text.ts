/** Kept compressed, and unpacked by the decoder whatever they grow to: 50 KB can become 50 MB, and do so often. */
const bursting = new Set(['zTXt', 'iTXt']);
/** A colour profile of a display or a camera has some KB; larger ones may hold anything. */
const longestProfileBytes = 100_000;
/** What so little can grow to is no harm. */
const harmlessBytes = 4096;

/**
 * The same picture without comments, which a decoder would unpack without use, or the same bytes if there are hardly
 * any. Everything else stays, checksums and all.
 */
export function withoutCompressedText(png: Buffer): Buffer {
  const kept: Buffer[] = [];
  let droppedBytes = 0;
  let from = 0;
  for (let at = 8; at + 8 <= png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const end = Math.min(png.length, at + 12 + length);
    if (bursting.has(type) || (type === 'iCCP' && length > longestProfileBytes)) {
      kept.push(png.subarray(from, at));
      droppedBytes += length;
      from = end;
    }
    if (type === 'IEND') break;
    at = end;
  }
  return droppedBytes > harmlessBytes ? Buffer.concat([...kept, png.subarray(from)]) : png;
}
