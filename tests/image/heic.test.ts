import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeHeic } from '../../src/image/heic.ts';
import type { RawPicture } from '../../src/image/libheif.ts';
import type { Pool } from '../../src/image/pool/pool.ts';
import { readManifest } from '../../src/local/manifest.ts';
import { albumManifest, closePools, jobOf, patient, realPool } from '../support/pools.ts';
import { withTransform } from '../support/turned-heic.ts';

const file = (name: string) => readFileSync(`tests/fixtures/heic/${name}.heic`);
const plain = file('plain');
/** Items of the fixtures: what is shown, and its thumbnail. */
const [plainItem, sidewaysItem, sidewaysThumbnail] = [2, 2, 3];

const imageOf = ({ pixels, widthPx, heightPx }: RawPicture) =>
  sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } });
/** Mean difference of two pictures of one size, 0 to 255. */
async function distance(one: Sharp, other: Sharp): Promise<number> {
  const [a, b] = await Promise.all([one.raw().toBuffer(), other.raw().toBuffer()]);
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length;
}

describe('a HEIC photo', () => {
  it('is decoded whole where it has no thumbnail', async () => {
    const { raw, widthPx, heightPx } = decodeHeic(plain, 256);
    expect([widthPx, heightPx, raw.widthPx, raw.heightPx]).toEqual([640, 427, 640, 427]);
    expect(await distance(imageOf(raw), sharp('docs/samples/pagoda.jpg').resize(640, 427))).toBeLessThan(6);
  });

  it('is decoded by its thumbnail where that is large enough, and only there', () => {
    const samsung = file('samsung');
    expect(decodeHeic(samsung, 512)).toMatchObject({ widthPx: 600, raw: { widthPx: 512, heightPx: 340 } });
    expect(decodeHeic(samsung, 513)).toMatchObject({ widthPx: 600, raw: { widthPx: 600, heightPx: 400 } });
  });

  it('is put together of its tiles and turned, as its thumbnail is', async () => {
    const shown = sharp('docs/samples/cat.jpg').resize(600, 800, { fit: 'cover' });
    for (const [thumbnailPx, width, height] of [
      [320, 240, 320],
      [321, 600, 800],
    ] as const) {
      const { raw, ...upright } = decodeHeic(file('iphone'), thumbnailPx);
      expect([upright, raw.widthPx, raw.heightPx]).toEqual([{ widthPx: 600, heightPx: 800 }, width, height]);
      const expected = sharp(await shown.clone().png().toBuffer()).resize(width, height);
      expect(await distance(imageOf(raw), expected)).toBeLessThan(6);
    }
  });

  it.each([
    ['irot', 1, (upright: Sharp) => upright.rotate(270)],
    ['irot', 2, (upright: Sharp) => upright.rotate(180)],
    ['irot', 3, (upright: Sharp) => upright.rotate(90)],
    ['imir', 0, (upright: Sharp) => upright.flip()],
    ['imir', 1, (upright: Sharp) => upright.flop()],
  ] as const)('is turned as its container says: %s %i', async (type, value, turned) => {
    const expected = turned(imageOf(decodeHeic(plain, 256).raw));
    const { raw, widthPx } = decodeHeic(withTransform(plain, type, value, [plainItem]), 256);
    expect(widthPx).toBe(raw.widthPx);
    expect(widthPx).toBe(value % 2 === 1 && type === 'irot' ? 427 : 640);
    // Colours of an odd edge are turned between pixels.
    expect(await distance(imageOf(raw), expected)).toBeLessThan(2);
  });

  it('is decoded whole where its thumbnail is not turned as it is', () => {
    const turned = withTransform(file('sideways'), 'irot', 1, [sidewaysItem]);
    expect(decodeHeic(turned, 256).raw).toMatchObject({ widthPx: 451, heightPx: 300 });
  });

  it('is refused where it is broken, and the next one is not', async () => {
    const broken = Buffer.from(plain);
    broken.fill(0x5a, plain.length - 20_000);
    const cut = plain.subarray(0, 2000);
    for (const bytes of [cut, broken.subarray(0, 300)])
      expect(() => decodeHeic(bytes, 256)).toThrow(expect.objectContaining({ status: 422 }));
    try {
      decodeHeic(broken, 256);
    } catch (error) {
      expect(error).toMatchObject({ status: 422 });
    }
    expect(decodeHeic(plain, 256).widthPx).toBe(640);
  });
});

describe('a child that gets HEIC photos', () => {
  let pool: Pool;
  beforeAll(() => {
    pool = realPool();
  });
  afterAll(closePools);

  it.each([
    [
      'an iPhone’s',
      withTransform(file('sideways'), 'irot', 3, [sidewaysItem, sidewaysThumbnail]),
      'pets',
      451,
    ],
    ['an iPhone’s of tiles', file('iphone'), 'pets', 600],
    ['a Samsung’s', file('samsung'), 'foods', 600],
    ['an editor’s', plain, 'travel_scenery', 640],
    ['one of ten bits', file('ten-bit'), 'other', 320],
  ])('knows what %s shows', async (_, bytes, category, width) => {
    const { labels } = readManifest(albumManifest);
    for (const rendition of [true, false]) {
      const job = { ...jobOf(bytes, { rendition }), format: 'heic' as const };
      const { probabilities = [], widthPx, rendition: jpeg } = await pool.analyse(job, patient());
      expect(labels[probabilities.indexOf(Math.max(...probabilities))]).toBe(category);
      expect(widthPx).toBe(width);
      if (rendition) expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', space: 'srgb' });
    }
  });
});
