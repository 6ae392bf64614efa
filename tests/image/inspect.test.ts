import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { TooManyPixelsError } from '../../src/errors.ts';
import { formatOf } from '../../src/image/inspect/format.ts';
import { inspect } from '../../src/image/inspect/inspect.ts';
import { enoughThumbnailPx } from '../../src/image/inspect/iso-media.ts';
import { defaultPixelLimits, pixelLimitsOf } from '../../src/image/inspect/limits.ts';
import * as hostile from '../support/hostile-files.ts';

const options = { limits: defaultPixelLimits, thumbnailPx: 256 };
const check = (bytes: Buffer, changes = {}) => inspect(bytes, formatOf(bytes), { ...options, ...changes });
const flat = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#5a781e' } });

describe('the header check refuses', () => {
  it.each([
    ['a JPEG of 4 gigapixels', () => hostile.jpegClaiming({ widthPx: 65_500, heightPx: 65_500 }), 413],
    [
      'a progressive JPEG of 49 megapixels',
      () => hostile.jpegClaiming({ code: 0xc2, widthPx: 7000, heightPx: 7000 }),
      413,
    ],
    ['a progressive JPEG of 883 passes', () => hostile.manyScans(512, 883), 422],
    ['an arithmetic JPEG', () => hostile.jpegClaiming({ code: 0xc9 }), 422],
    ['a lossless JPEG', () => hostile.jpegClaiming({ code: 0xc3 }), 422],
    ['a JPEG of 12 bits', () => hostile.jpegClaiming({ precision: 12 }), 422],
    ['a JPEG of no height', () => hostile.jpegClaiming({ heightPx: 0 }), 422],
    ['a JPEG of 5 components', () => hostile.jpegClaiming({ components: 5 }), 422],
    ['a JPEG of 100,000 segments', () => hostile.jpegWithSegments(100_000, 2), 422],
    ['a PNG of a single column', () => hostile.png({ widthPx: 1, heightPx: 4_900_000 }), 413],
    [
      'an interlaced PNG of 49 megapixels',
      () => hostile.png({ widthPx: 7000, heightPx: 7000, interlace: 1 }),
      413,
    ],
    ['a PNG of 400 megapixels', () => hostile.png({ widthPx: 20_000, heightPx: 20_000 }), 413],
    ['a PNG of impossible depth', () => hostile.png({ widthPx: 9, heightPx: 9, depth: 3 }), 422],
    [
      'a PNG of 100,000 empty chunks',
      () =>
        hostile.png({
          widthPx: 9,
          heightPx: 9,
          chunks: Array(100_000).fill(hostile.pngChunk('IDAT', Buffer.alloc(0))),
        }),
      422,
    ],
    ['a WebP of 268 megapixels', () => hostile.webpClaiming(16_383, 16_383), 413],
    ['a WebP whose canvas is larger than any picture', () => hostile.webpClaiming(2 ** 24, 2 ** 24), 413],
    ['a GIF of 200,000 frames', () => hostile.gif(8, 8, 200_000), 422],
    ['a GIF of 4 gigapixels', () => hostile.gif(65_535, 65_535, 1), 413],
    [
      'an AVIF of 49 megapixels',
      () => hostile.isoFile({ brand: 'avif', widthPx: 7000, heightPx: 7000 }),
      413,
    ],
    [
      'an AVIF of thousands of tiles',
      () => hostile.isoFile({ brand: 'avif', widthPx: 4000, heightPx: 4000, tiles: 5000, tilePx: 64 }),
      422,
    ],
    [
      'a HEIC that names one tile ten thousand times',
      () => hostile.isoFile({ brand: 'heic', widthPx: 4000, heightPx: 3000, tiles: 2, repeats: 10_000 }),
      422,
    ],
    [
      'a HEIC whose grid is larger than it says',
      () => hostile.isoFile({ brand: 'heic', widthPx: 400, heightPx: 300, tiles: 1, gridPx: 60_000 }),
      413,
    ],
    [
      'a HEIC of 196 megapixels',
      () => hostile.isoFile({ brand: 'heic', widthPx: 14_000, heightPx: 14_000 }),
      413,
    ],
  ])('%s', async (_, make, status) => {
    const bytes = await make();
    expect(() => check(bytes)).toThrow(
      expect.objectContaining({ status, message: expect.stringMatching(/^The photo .*\.$/) }),
    );
  });

  it('boxes within boxes, however deep', () => {
    expect(() => check(hostile.nestedBoxes(3000))).toThrow(expect.objectContaining({ status: 422 }));
  });

  it('what ends within its header, whatever the format', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'avif'] as const) {
      const whole = await flat(64, 48)[format]().toBuffer();
      for (const length of [12, 16, 20])
        expect(() => inspect(whole.subarray(0, length), format, options)).toThrow(
          expect.objectContaining({ status: 422 }),
        );
    }
  });
});

describe('the header check lets pass', () => {
  it('every sample', () => {
    for (const name of readdirSync('docs/samples').filter((file) => file.endsWith('.jpg')))
      expect(check(readFileSync(join('docs/samples', name))).cpuMs).toBeLessThan(60);
  });

  it.each([
    ['a panorama', () => hostile.jpegClaiming({ widthPx: 20_000, heightPx: 3000 })],
    ['100 megapixels from a phone', () => hostile.jpegClaiming({ widthPx: 12_000, heightPx: 8000 })],
    ['a long screenshot', () => hostile.png({ widthPx: 1080, heightPx: 30_000, colourType: 6 })],
    ['12 MB of metadata', () => hostile.jpegWithSegments(180, 65_535)],
    ['a progressive JPEG from the web', () => flat(3000, 2000).jpeg({ progressive: true }).toBuffer()],
    ['an interlaced PNG', () => hostile.png({ widthPx: 4000, heightPx: 3000, interlace: 1 })],
    ['an animation of 500 frames', () => hostile.gif(480, 480, 500)],
    [
      'a HEIC of 48 megapixels in 192 tiles',
      () => hostile.isoFile({ brand: 'heic', widthPx: 8064, heightPx: 6048, tiles: 192 }),
    ],
  ])('%s', async (_, make) => {
    const bytes = await make();
    const { cpuMs, megabytes } = check(bytes);
    expect(cpuMs).toBeGreaterThan(0);
    expect(megabytes).toBeLessThan(700);
  });

  it('a HEIC of any size whose thumbnail will do, at the cost of that', () => {
    const huge = { brand: 'heic' as const, widthPx: 16_000, heightPx: 12_000 };
    expect(check(hostile.isoFile({ ...huge, thumbnailPx: 512 })).cpuMs).toBeLessThan(100);
    expect(() => check(hostile.isoFile({ ...huge, thumbnailPx: 160 }))).toThrow(/without a thumbnail/);
  });

  it('what an operator allows', async () => {
    const large = await hostile.jpegClaiming({ code: 0xc2, widthPx: 6000, heightPx: 5000 });
    expect(() => check(large)).toThrow(/progressive/);
    expect(check(large, { limits: pixelLimitsOf(100e6, { progressive: 30e6 }) }).cpuMs).toBeGreaterThan(0);
    expect(() => check(large, { limits: pixelLimitsOf(10e6, { progressive: 30e6 }) })).toThrow(/10 million/);
  });

  it('and names the setting whose limit is the lower one', async () => {
    const size = { widthPx: 12_000, heightPx: 11_000 };
    const [jpeg, progressive] = await Promise.all([
      hostile.jpegClaiming({ code: 0xc0, ...size }),
      hostile.jpegClaiming({ code: 0xc2, ...size }),
    ]);
    const named = (bytes: Buffer, mostPx: number) => {
      try {
        return check(bytes, { limits: pixelLimitsOf(mostPx, { progressive: 64e6 }) });
      } catch (error) {
        return (error as TooManyPixelsError).setting;
      }
    };
    expect(named(jpeg, 100e6)).toBe('MAX_MEGAPIXELS=100');
    expect(named(progressive, 130e6)).toBe('MEGAPIXEL_LIMITS=progressive:64');
    expect(named(progressive, 50e6)).toBe('MAX_MEGAPIXELS=50');
  });
});

describe('the estimated cost', () => {
  it('grows with pixels, passes and interlacing', async () => {
    const [small, large] = [await hostile.manyScans(256, 1), await hostile.manyScans(2000, 1)];
    expect(check(large).cpuMs).toBeGreaterThan(check(small).cpuMs);
    expect(check(await hostile.manyScans(2000, 40)).cpuMs).toBeGreaterThan(check(large).cpuMs);
    const claim = { widthPx: 3000, heightPx: 3000 };
    expect(check(hostile.png({ ...claim, interlace: 1 })).megabytes).toBeGreaterThan(
      check(hostile.png(claim)).megabytes,
    );
  });

  it('asks of a thumbnail what is wanted of the photo', () => {
    expect(enoughThumbnailPx(256, undefined)).toBe(256);
    expect(enoughThumbnailPx(256, 512)).toBeLessThanOrEqual(320);
    expect(enoughThumbnailPx(undefined, 1024)).toBeGreaterThan(512);
  });
});
