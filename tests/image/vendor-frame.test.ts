import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { openDecoder } from '../../src/image/decode/decode.ts';
import { vendorFrame } from '../../src/image/decode/vendor-frame.ts';
import { formatOf } from '../../src/image/inspect/format.ts';
import { jobOf } from '../support/pools.ts';

const size = fc.record({
  widthPx: fc.integer({ min: 1, max: 60_000 }),
  heightPx: fc.integer({ min: 1, max: 60_000 }),
});

test('whatever is sent has edges of 32 px, is at most eight times as long as wide, and is not stretched', () => {
  fc.assert(
    fc.property(size, fc.integer({ min: 64, max: 4_096 }), (whole, edgePx) => {
      const { widthPx, heightPx } = whole;
      const scale = Math.min(1, edgePx / Math.max(widthPx, heightPx));
      const frame = vendorFrame(whole, edgePx);
      const sent = frame?.padded ?? {
        widthPx: Math.round(widthPx * scale),
        heightPx: Math.round(heightPx * scale),
      };
      expect(Math.min(sent.widthPx, sent.heightPx)).toBeGreaterThanOrEqual(32);
      expect(Math.max(sent.widthPx, sent.heightPx)).toBeLessThanOrEqual(edgePx);
      expect(Math.max(sent.widthPx / sent.heightPx, sent.heightPx / sent.widthPx)).toBeLessThanOrEqual(8);
      if (!frame) return;
      const { shown } = frame;
      expect(shown.widthPx <= Math.min(sent.widthPx, widthPx)).toBe(true);
      expect(shown.heightPx <= Math.min(sent.heightPx, heightPx)).toBe(true);
      // The same scale both ways, as far as whole pixels allow.
      const [x, y] = [Math.min(widthPx, heightPx * 8), Math.min(heightPx, widthPx * 8)];
      expect(Math.abs((shown.widthPx * y) / x - shown.heightPx)).toBeLessThanOrEqual(
        Math.max(1, y / x, x / y),
      );
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['a photo', 4_000, 3_000],
  ['a panorama', 12_000, 1_600],
  ['a screenshot of seven screens', 1_080, 8_000],
  ['a thumbnail', 33, 40],
])('%s is sent whole, as it is', (_, widthPx, heightPx) => {
  expect(vendorFrame({ widthPx, heightPx }, 512)).toBeUndefined();
});

const input = {
  widthPx: 256,
  heightPx: 256,
  fit: 'contain',
  background: { r: 0, g: 0, b: 0 },
  kernel: 'linear',
} as const;
const decoder = openDecoder({ renditionPx: 512, limitPixels: 100_000_000, thumbnailPx: 256, input });
const wants = { rendition: true, infer: true, fingerprint: true };

async function decode(picture: Sharp | Buffer) {
  const bytes = Buffer.isBuffer(picture) ? picture : await picture.png().toBuffer();
  return decoder({ ...jobOf(bytes, wants), bytes, format: formatOf(bytes) });
}

/** Blue, with a red part. */
function partlyRed(width: number, height: number, red: { left: number; top: number; w: number; h: number }) {
  const create = { width: red.w, height: red.h, channels: 3, background: '#f00' } as const;
  return sharp({ create: { width, height, channels: 3, background: '#00f' } }).composite([
    { input: { create }, left: red.left, top: red.top },
  ]);
}

/** Share of the pixels that are mostly red. */
async function redShare(jpeg: Buffer): Promise<number> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  let count = 0;
  for (let at = 0; at < data.length; at += 3)
    count += (data[at] ?? 0) > 150 && (data[at + 2] ?? 0) < 100 ? 1 : 0;
  return count / (info.width * info.height);
}

test('of a long screenshot the beginning is sent', async () => {
  const { rendition, widthPx, heightPx } = await decode(
    partlyRed(400, 9_000, { left: 0, top: 0, w: 400, h: 3_200 }),
  );
  expect([widthPx, heightPx]).toEqual([400, 9_000]);
  expect(await sharp(rendition).metadata()).toMatchObject({ format: 'jpeg', width: 64, height: 512 });
  expect(await redShare(rendition)).toBeGreaterThan(0.98);
});

test('of a wide banner the middle is', async () => {
  const { rendition } = await decode(partlyRed(9_000, 400, { left: 2_900, top: 0, w: 3_200, h: 400 }));
  expect(await sharp(rendition).metadata()).toMatchObject({ width: 512, height: 64 });
  expect(await redShare(rendition)).toBeGreaterThan(0.98);
});

test('a photo that is turned by its metadata is cut where it begins for the eye', async () => {
  const lying = await partlyRed(9_000, 400, { left: 0, top: 0, w: 3_200, h: 400 })
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { rendition } = await decode(lying);
  expect(await sharp(rendition).metadata()).toMatchObject({ width: 64, height: 512 });
  expect(await redShare(rendition)).toBeGreaterThan(0.98);
});

test('a sticker is sent on white, as large as it is', async () => {
  const { rendition } = await decode(
    sharp({ create: { width: 8, height: 12, channels: 3, background: '#000' } }),
  );
  const { data, info } = await sharp(rendition).greyscale().raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([32, 32]);
  const isDark = [...data].map((value) => value < 128);
  expect(isDark.filter(Boolean)).toHaveLength(8 * 12);
  expect(isDark.indexOf(true)).toBe(10 * 32 + 12);
  expect(isDark.lastIndexOf(true)).toBe(21 * 32 + 19);
});

test('a line is sent with white beside it', async () => {
  const { rendition } = await decode(partlyRed(3, 4_000, { left: 0, top: 0, w: 3, h: 4_000 }));
  expect(await sharp(rendition).metadata()).toMatchObject({ width: 32, height: 32 });
});

test.each([
  ['a long screenshot', partlyRed(300, 4_000, { left: 50, top: 900, w: 80, h: 700 })],
  ['a sticker', partlyRed(20, 24, { left: 4, top: 4, w: 8, h: 8 })],
])('what the network and near duplicates see of %s is the whole of it', async (_, picture) => {
  const plain = openDecoder({ renditionPx: 512, limitPixels: 100_000_000, thumbnailPx: 256, input });
  const bytes = await picture.png().toBuffer();
  const framed = await decode(bytes);
  const whole = framed.whole ?? Buffer.alloc(0);
  const again = await plain({
    ...jobOf(whole, wants),
    bytes: whole,
    format: 'jpeg',
    wants: { rendition: false, infer: true },
  });
  const { width = 0, height = 0 } = await sharp(whole).metadata();
  expect(width / height).toBeCloseTo(framed.widthPx / framed.heightPx, 1);
  const direct = await sharp(bytes)
    .removeAlpha()
    .resize(256, 256, { fit: 'contain', background: '#000', kernel: 'linear' })
    .raw()
    .toBuffer();
  for (const pixels of [framed.pixels, again.pixels]) {
    const sum = direct.reduce((all, value, at) => all + Math.abs(value - (pixels?.[at] ?? 255)), 0);
    expect(sum / direct.length).toBeLessThan(6);
  }
  expect(framed.fingerprint?.aspect).toBe(Math.round((framed.widthPx / framed.heightPx) * 1_000));
});
