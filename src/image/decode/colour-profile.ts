import { crc32, deflateSync } from 'node:zlib';
import type { Sharp } from 'sharp';

/** A PNG begins with its signature and the header chunk; a profile comes next. */
const headerEnd = 33;

/**
 * Raw pixels with an ICC profile, which sharp accepts in files only: an uncompressed PNG of them. Decoding it
 * gives sRGB, as for every photo with a profile.
 */
export async function withProfile(pixels: Sharp, profile: Buffer): Promise<Buffer> {
  const png = await pixels.png({ compressionLevel: 0 }).toBuffer();
  // A name, the way it is compressed (0), the profile.
  const chunk = chunkOf('iCCP', Buffer.concat([Buffer.from('profile\0\0'), deflateSync(profile)]));
  return Buffer.concat([png.subarray(0, headerEnd), chunk, png.subarray(headerEnd)]);
}

/** PNG, third edition, 5.3. */
function chunkOf(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type), data]);
  const chunk = Buffer.alloc(content.length + 8);
  chunk.writeUInt32BE(data.length);
  content.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(content), content.length + 4);
  return chunk;
}
