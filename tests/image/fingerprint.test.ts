import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openDecoder } from '../../src/image/decode/decode.ts';
import { downscale } from '../../src/image/decode/downscale.ts';
import { readManifest } from '../../src/local/manifest.ts';
import { sampleBytes } from '../support/app.ts';
import { areDuplicates, fingerprintOf } from '../support/pictures/fingerprint.ts';
import { albumManifest, jobOf } from '../support/pools.ts';

describe('a fingerprint', () => {
  it('is searched by bits, and by what these may be in another encoding', async () => {
    for (const name of ['cat.jpg', 'screenshot.jpg', 'pagoda.jpg'] as const) {
      const { bits = -1, nearBits = [] } = (await fingerprintOf(sampleBytes(name))) ?? {};
      expect(bits).toBeGreaterThanOrEqual(0);
      expect(bits).toBeLessThan(2 ** 20);
      expect(nearBits[0]).toBe(bits);
      expect(new Set(nearBits).size).toBe(nearBits.length);
      expect([1, 2, 4, 8, 16, 32, 64]).toContain(nearBits.length);
    }
  });

  it('has the shapes that its store expects', async () => {
    const fingerprint = await fingerprintOf(sampleBytes('cat.jpg'));
    expect(fingerprint?.brightness).toHaveLength(28 * 28);
    expect(fingerprint?.colours).toHaveLength(4 * 4 * 3);
    expect(fingerprint?.aspect).toBe(Math.round((451 / 300) * 1000));
  });

  it('is the same where the photo is decoded for the network too', async () => {
    const { input } = readManifest(albumManifest);
    const decode = openDecoder({ renditionPx: 512, thumbnailPx: 256, limitPixels: 50_000_000, input });
    const bytes = sampleBytes('pagoda.jpg');
    const wants = { rendition: true, infer: true, fingerprint: true };
    const { fingerprint } = await decode(jobOf(bytes, wants));
    expect(areDuplicates(fingerprint, await fingerprintOf(bytes))).toBe(true);
  });

  it('of a turned photo is that of the photo as it is seen', async () => {
    const upright = sampleBytes('cat.jpg');
    const turned = sharp(upright).rotate(90).withMetadata({ orientation: 8 });
    const copy = await turned.jpeg({ quality: 95 }).toBuffer();
    expect(areDuplicates(await fingerprintOf(upright), await fingerprintOf(copy))).toBe(true);
  });

  it('is not made of an empty page, nor if it is not wanted', async () => {
    const create = { width: 400, height: 300, channels: 3, background: '#fff' } as const;
    expect(await fingerprintOf(await sharp({ create }).jpeg().toBuffer())).toBeUndefined();
    const decode = openDecoder({ renditionPx: 512, thumbnailPx: 256, limitPixels: 50_000_000 });
    const wants = { rendition: true, infer: false };
    expect((await decode(jobOf(sampleBytes('cat.jpg'), wants))).fingerprint).toBeUndefined();
  });
});

describe('pooling', () => {
  const pictures = fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
    .chain(([widthPx, heightPx]) =>
      fc
        .uint8Array({ minLength: widthPx * heightPx * 3, maxLength: widthPx * heightPx * 3 })
        .map((data) => ({ data, widthPx, heightPx })),
    );
  const mean = (values: Iterable<number>) => {
    const all = [...values];
    return all.reduce((sum, value) => sum + value, 0) / all.length;
  };

  it('keeps the mean of a picture of any size', () => {
    fc.assert(
      fc.property(pictures, fc.integer({ min: 1, max: 12 }), (picture, edge) => {
        expect(mean(downscale(picture, edge))).toBeCloseTo(mean(picture.data), 6);
      }),
    );
  });

  it('sees the same in a picture of which every pixel is repeated', () => {
    fc.assert(
      fc.property(pictures, fc.integer({ min: 2, max: 3 }), ({ data, widthPx, heightPx }, times) => {
        const larger = { widthPx: widthPx * times, heightPx: heightPx * times };
        const repeated = Uint8Array.from({ length: data.length * times * times }, (_, at) => {
          const pixel = Math.floor(at / 3);
          const [x, y] = [pixel % larger.widthPx, Math.floor(pixel / larger.widthPx)];
          return data[(Math.floor(y / times) * widthPx + Math.floor(x / times)) * 3 + (at % 3)] ?? 0;
        });
        const [small, large] = [
          downscale({ data, widthPx, heightPx }, 7),
          downscale({ data: repeated, ...larger }, 7),
        ];
        for (const [cell, level] of small.entries()) expect(large[cell]).toBeCloseTo(level, 6);
      }),
    );
  });
});
