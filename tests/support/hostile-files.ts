/** Files that no camera, phone or chat app makes, written byte by byte: small to send, expensive to decode. */
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { box } from './turned-heic.ts';

const u16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
};
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const le16 = (value: number) => u16(value).reverse();
const le32 = (value: number) => u32(value).reverse();

const flat = (widthPx: number, heightPx: number) =>
  sharp({
    create: { width: widthPx, height: heightPx, channels: 3, background: '#5a781e' },
    limitInputPixels: false,
  });

/** The segments of a JPEG up to its first scan, and each scan with its data. */
function scansOf(jpeg: Buffer): { head: Buffer; scans: Buffer[] } {
  const starts: number[] = [];
  for (let at = 2; at < jpeg.length - 1; at += 1) {
    if (jpeg[at] !== 0xff) continue;
    const code = jpeg[at + 1] ?? 0;
    if (code === 0xda) starts.push(at);
    const isSegment = code !== 0 && code !== 0xff && code !== 0xd9 && (code < 0xd0 || code > 0xd7);
    if (isSegment) at += 1 + jpeg.readUInt16BE(at + 2);
  }
  // A table may stand before a scan: it belongs to the end of the one before.
  const scans = starts.map((start, index) => jpeg.subarray(start, starts[index + 1] ?? jpeg.length - 2));
  return { head: jpeg.subarray(0, starts[0]), scans };
}

/** A progressive JPEG whose last pass comes that many times. */
export async function manyScans(edgePx: number, passes: number): Promise<Buffer> {
  const { head, scans } = scansOf(
    await flat(edgePx, edgePx).greyscale().jpeg({ progressive: true }).toBuffer(),
  );
  const last = scans.at(-1) ?? Buffer.alloc(0);
  return Buffer.concat([head, ...scans, ...Array(passes).fill(last), Buffer.from([0xff, 0xd9])]);
}

/**
 * A grey progressive JPEG without a mistake in it: a pass for each of its 64 frequencies, nothing in any but the first.
 * Every pass goes over all blocks and takes some thirty bytes.
 */
export async function emptyPasses(edgePx: number): Promise<Buffer> {
  const { head, scans } = scansOf(
    await flat(edgePx, edgePx).greyscale().jpeg({ progressive: true }).toBuffer(),
  );
  const blocks = Math.ceil(edgePx / 8) ** 2;
  // One symbol, of one bit: "nothing from here on, for 2 to the 14th blocks and as many as the next 14 bits say".
  const table = Buffer.from([0xff, 0xc4, 0, 20, 0x10, 1, ...Array(15).fill(0), 0xe0]);
  let bits = '';
  for (let left = blocks; left > 0; left -= 32_767)
    bits += `0${(Math.min(left, 32_767) - 16_384).toString(2).padStart(14, '0')}`;
  const octets = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g) ?? [];
  const data = Buffer.from(
    octets.map((octet) => Number.parseInt(octet, 2)).flatMap((byte) => (byte === 0xff ? [byte, 0] : [byte])),
  );
  const pass = (frequency: number) =>
    Buffer.concat([Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, frequency, frequency, 0]), data]);
  const passes = Array.from({ length: 63 }, (_, index) => pass(index + 1));
  return Buffer.concat([head, scans[0] ?? head, table, ...passes, Buffer.from([0xff, 0xd9])]);
}

/** Passes over noise in full colour: each pass has something to refine in each block. */
export async function denseScans(edgePx: number, passes: number): Promise<Buffer> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
  const picture = sharp({
    create: { width: edgePx, height: edgePx, channels: 3, background: '#888', noise },
  });
  const jpeg = await picture.jpeg({ progressive: true, quality: 40, chromaSubsampling: '4:4:4' }).toBuffer();
  const { head, scans } = scansOf(jpeg);
  const last = (scans.at(-1) ?? Buffer.alloc(0)).subarray(0, 64);
  return Buffer.concat([head, ...scans, ...Array(passes).fill(last), Buffer.from([0xff, 0xd9])]);
}

/** A JPEG with another frame marker, size, precision or count of components than its data have. */
export async function jpegClaiming(frame: {
  code?: number;
  precision?: number;
  widthPx?: number;
  heightPx?: number;
  components?: number;
}): Promise<Buffer> {
  const jpeg = Buffer.from(await flat(64, 48).jpeg().toBuffer());
  const at = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg[at + 1] = frame.code ?? 0xc0;
  jpeg[at + 4] = frame.precision ?? 8;
  jpeg.writeUInt16BE(frame.heightPx ?? 48, at + 5);
  jpeg.writeUInt16BE(frame.widthPx ?? 64, at + 7);
  jpeg[at + 9] = frame.components ?? 3;
  return jpeg;
}

/** Segments in front of a picture, of that length each. */
export async function jpegWithSegments(count: number, length: number): Promise<Buffer> {
  const jpeg = await flat(64, 48).jpeg().toBuffer();
  const segment = Buffer.concat([Buffer.from([0xff, 0xe5]), u16(length), Buffer.alloc(length - 2)]);
  return Buffer.concat([jpeg.subarray(0, 2), ...Array(count).fill(segment), jpeg.subarray(2)]);
}

export function pngChunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  return Buffer.concat([u32(content.length), named, u32(crc32(named))]);
}

export interface PngClaim {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly depth?: number;
  readonly colourType?: number;
  readonly interlace?: number;
  /** Between header and picture. */
  readonly chunks?: readonly Buffer[];
  /** Uncompressed picture data, all zero. */
  readonly rawBytes?: number;
}

/** A PNG that says this of itself. */
export function png({
  widthPx,
  heightPx,
  depth = 8,
  colourType = 2,
  interlace = 0,
  chunks = [],
  rawBytes = 1000,
}: PngClaim): Buffer {
  const header = Buffer.concat([
    u32(widthPx),
    u32(heightPx),
    Buffer.from([depth, colourType, 0, 0, interlace]),
  ]);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IDAT', deflateSync(Buffer.alloc(rawBytes), { level: 9 })),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Text of that length, which compresses to a thousandth. */
export function burstingText(textBytes: number): Buffer {
  const text = deflateSync(Buffer.alloc(textBytes, 0x61), { level: 9 });
  return pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), text]));
}

/** A colour profile of zeros. */
export function burstingProfile(profileBytes: number): Buffer {
  const profile = deflateSync(Buffer.alloc(profileBytes), { level: 9 });
  return pngChunk('iCCP', Buffer.concat([Buffer.from('p\0\0', 'latin1'), profile]));
}

/** A GIF of that many frames of one pixel, on a canvas of that size. */
export function gif(widthPx: number, heightPx: number, frames: number): Buffer {
  const head = Buffer.concat([
    Buffer.from('GIF89a', 'latin1'),
    le16(widthPx),
    le16(heightPx),
    Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
  ]);
  const frame = Buffer.from('2c00000000010001000002024c0100', 'hex');
  return Buffer.concat([head, ...Array(frames).fill(frame), Buffer.from([0x3b])]);
}

/** A WebP whose header claims a canvas of that size, at most 16 million a side. */
export async function webpClaiming(widthPx: number, heightPx: number): Promise<Buffer> {
  const webp = await flat(64, 48).webp().toBuffer();
  const canvas = Buffer.alloc(10);
  canvas.writeUIntLE(widthPx - 1, 4, 3);
  canvas.writeUIntLE(heightPx - 1, 7, 3);
  const body = Buffer.concat([Buffer.from('WEBPVP8X', 'latin1'), le32(10), canvas, webp.subarray(12)]);
  return Buffer.concat([Buffer.from('RIFF', 'latin1'), le32(body.length), body]);
}

const versioned = (version: number, ...content: readonly Buffer[]) =>
  Buffer.concat([u32(version << 24), ...content]);

export interface IsoClaim {
  readonly brand: 'avif' | 'heic';
  readonly widthPx: number;
  readonly heightPx: number;
  /** Coded pictures that the shown one is a grid of; without any it is coded itself. */
  readonly tiles?: number;
  readonly tilePx?: number;
  /** How often the first tile is named. */
  readonly repeats?: number;
  /** What the grid itself says of its size. */
  readonly gridPx?: number;
  readonly thumbnailPx?: number;
}

/** The boxes of an AVIF or HEIC file, without any picture in them. */
export function isoFile({
  brand,
  widthPx,
  heightPx,
  tiles = 0,
  tilePx = 512,
  repeats = 1,
  gridPx,
  thumbnailPx,
}: IsoClaim): Buffer {
  const coded = brand === 'avif' ? 'av01' : 'hvc1';
  const thumbnailId = tiles + 2;
  const entry = (id: number, type: string) =>
    box('infe', versioned(2, u16(id), u16(0), Buffer.from(`${type}\0`, 'latin1')));
  const ispe = (w: number, h: number) => box('ispe', versioned(0, u32(w), u32(h)));
  const tileIds = Array.from({ length: tiles }, (_, index) => index + 2);
  const named = [...Array(tiles > 0 ? repeats : 0).fill(2), ...tileIds.slice(1)];
  const references = [
    ...(tiles > 0 ? [box('dimg', u16(1), u16(named.length), ...named.map(u16))] : []),
    ...(thumbnailPx ? [box('thmb', u16(thumbnailId), u16(1), u16(1))] : []),
  ];
  const entries = [
    entry(1, tiles > 0 ? 'grid' : coded),
    ...tileIds.map((id) => entry(id, coded)),
    ...(thumbnailPx ? [entry(thumbnailId, coded)] : []),
  ];
  const associated = (id: number, property: number) => Buffer.concat([u16(id), Buffer.from([1, property])]);
  const associations = [
    associated(1, 1),
    ...tileIds.map((id) => associated(id, 2)),
    ...(thumbnailPx ? [associated(thumbnailId, 3)] : []),
  ];
  const grid = gridPx ? Buffer.concat([Buffer.from([0, 1, 0, 0]), u32(gridPx), u32(gridPx)]) : undefined;
  const iloc = versioned(
    1,
    Buffer.from([0x44, 0x00]),
    u16(1),
    u16(1),
    u16(1),
    u16(0),
    u16(1),
    u32(0),
    u32(12),
  );
  const shape = widthPx / heightPx;
  return Buffer.concat([
    box('ftyp', Buffer.from(`${brand}\0\0\0\0mif1${brand}`, 'latin1')),
    box(
      'meta',
      versioned(0),
      box('pitm', versioned(0, u16(1))),
      box('iinf', versioned(0, u16(entries.length), ...entries)),
      box('iref', versioned(0, ...references)),
      box(
        'iprp',
        box(
          'ipco',
          ispe(widthPx, heightPx),
          ispe(tilePx, tilePx),
          ispe(thumbnailPx ?? 0, Math.round((thumbnailPx ?? 0) / shape)),
        ),
        box('ipma', versioned(0, u32(associations.length), ...associations)),
      ),
      ...(grid ? [box('iloc', iloc), box('idat', grid)] : []),
    ),
    box('mdat', Buffer.alloc(64)),
  ]);
}

/** Boxes within boxes. */
export function nestedBoxes(depth: number): Buffer {
  let inner: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) inner = box('meta', u32(0), inner);
  return Buffer.concat([box('ftyp', Buffer.from('avif\0\0\0\0mif1avif', 'latin1')), inner]);
}
