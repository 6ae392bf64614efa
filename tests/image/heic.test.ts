import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemsOf } from '../../src/image/firewall/iso-items.ts';
import { thumbnailOf } from '../../src/image/firewall/iso-media.ts';
import { decodeHeic } from '../../src/image/heic.ts';
import { onWhite, type RawPicture } from '../../src/image/libheif.ts';
import type { Pool } from '../../src/image/pool/pool.ts';
import { readManifest } from '../../src/local/manifest.ts';
import { albumManifest, closePools, jobOf, patient, realPool } from '../support/pools.ts';
import { withTransform } from '../support/turned-heic.ts';

const file = (name: string) => readFileSync(`tests/fixtures/heic/${name}.heic`);
const plain = file('plain');
const heicOf = (bytes: Buffer, thumbnailPx: number, limitPixels = 100e6) =>
  decodeHeic(bytes, { thumbnailPx, limitPixels });
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
    const { raw, widthPx, heightPx } = heicOf(plain, 256);
    expect([widthPx, heightPx, raw.widthPx, raw.heightPx]).toEqual([640, 427, 640, 427]);
    expect(await distance(imageOf(raw), sharp('docs/samples/pagoda.jpg').resize(640, 427))).toBeLessThan(6);
  });

  it('is decoded by its thumbnail where that is large enough, and only there', () => {
    const samsung = file('samsung');
    expect(heicOf(samsung, 512)).toMatchObject({ widthPx: 600, raw: { widthPx: 512, heightPx: 340 } });
    expect(heicOf(samsung, 513)).toMatchObject({ widthPx: 600, raw: { widthPx: 600, heightPx: 400 } });
  });

  it('is put together of its tiles and turned, as its thumbnail is', async () => {
    const shown = sharp('docs/samples/cat.jpg').resize(600, 800, { fit: 'cover' });
    for (const [thumbnailPx, width, height] of [
      [320, 240, 320],
      [321, 600, 800],
    ] as const) {
      const { raw, ...upright } = heicOf(file('iphone'), thumbnailPx);
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
    const expected = turned(imageOf(heicOf(plain, 256).raw));
    const { raw, widthPx } = heicOf(withTransform(plain, type, value, [plainItem]), 256);
    expect(widthPx).toBe(raw.widthPx);
    expect(widthPx).toBe(value % 2 === 1 && type === 'irot' ? 427 : 640);
    // Colours of an odd edge are turned between pixels.
    expect(await distance(imageOf(raw), expected)).toBeLessThan(2);
  });

  it('is decoded whole where its thumbnail is not turned as it is', () => {
    const turned = withTransform(file('sideways'), 'irot', 1, [sidewaysItem]);
    expect(heicOf(turned, 256).raw).toMatchObject({ widthPx: 451, heightPx: 300 });
  });

  it.each(['thumb-garbage', 'thumb-is-jpeg', 'thumb-says-512x338'])(
    'is decoded whole where its thumbnail can’t be: %s',
    async (name) => {
      const { raw, widthPx } = heicOf(file(name), 256);
      expect([widthPx, raw.widthPx, raw.heightPx]).toEqual([600, 600, 400]);
      expect(await distance(imageOf(raw), imageOf(heicOf(file('samsung'), 513).raw))).toBe(0);
    },
  );

  it('is not decoded whole where it has too many pixels for that', () => {
    const refusal = expect.objectContaining({ code: 'too_many_pixels' });
    expect(() => heicOf(file('thumb-garbage'), 256, 200_000)).toThrow(refusal);
    expect(heicOf(file('samsung'), 256, 200_000).raw.widthPx).toBe(512);
  });

  it('is shown on white where it is transparent, as the same PNG is', async () => {
    const png = sharp(readFileSync('tests/fixtures/heic/disc.png')).flatten({ background: '#fff' });
    expect(await distance(imageOf(heicOf(file('disc'), 256).raw), png)).toBeLessThan(2);
  });

  it('is not shown by its thumbnail where it is transparent: that of a sticker is opaque', () => {
    const { primary, items } = itemsOf(file('disc'));
    if (!primary) throw new Error('nothing is shown');
    const thumbnail = { ...primary, id: 99, thumbnailOf: primary.id };
    const alpha = [...items.values()].find(({ isAlpha }) => isAlpha);
    expect(alpha?.auxiliaryOf).toBe(primary.id);
    const more = new Map([...items, [99, thumbnail]]);
    expect(thumbnailOf({ primary, items: more }, 10)).toBeUndefined();
    more.delete(alpha?.id ?? 0);
    expect(thumbnailOf({ primary, items: more }, 10)).toBe(thumbnail);
  });

  it.each([
    [false, [200, 100, 0, 128], [227, 177, 127]],
    [true, [100, 50, 0, 128], [227, 177, 127]],
    [false, [9, 9, 9, 0], [255, 255, 255]],
    [false, [9, 8, 7, 255], [9, 8, 7]],
  ])('is mixed with white by its alpha: premultiplied %s, %j', (isPremultiplied, rgba, rgb) => {
    const planes = { widthPx: 1, heightPx: 1, row: () => Uint8Array.from([...rgba, 1, 2, 3]) };
    expect([...onWhite(planes, isPremultiplied).pixels]).toEqual(rgb);
  });

  it('is refused where it is broken, and the next one is not', async () => {
    const broken = Buffer.from(plain);
    broken.fill(0x5a, plain.length - 20_000);
    const cut = plain.subarray(0, 2000);
    for (const bytes of [cut, broken.subarray(0, 300)])
      expect(() => heicOf(bytes, 256)).toThrow(expect.objectContaining({ status: 422 }));
    try {
      heicOf(broken, 256);
    } catch (error) {
      expect(error).toMatchObject({ status: 422 });
    }
    expect(heicOf(plain, 256).widthPx).toBe(640);
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
