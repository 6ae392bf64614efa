import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withProfile } from '../../src/image/decode/colour-profile.ts';
import { openDecoder } from '../../src/image/decode/decode.ts';
import { decodeHeic } from '../../src/image/decode/heic.ts';
import { onWhite, type RawPicture } from '../../src/image/decode/libheif.ts';
import { itemsOf } from '../../src/image/inspect/iso-items.ts';
import { thumbnailOf } from '../../src/image/inspect/iso-media.ts';
import type { Pool } from '../../src/image/pool/pool.ts';
import { readManifest } from '../../src/local/manifest.ts';
import { albumManifest, closePools, jobOf, longContext, realPool } from '../support/pools.ts';
import { withProperty, withTransform } from '../support/turned-heic.ts';

const file = (name: string) => readFileSync(`tests/fixtures/heic/${name}.heic`);
const plain = file('plain');
const cmyk = async () =>
  sharp(
    await sharp('docs/samples/cat.jpg').withIccProfile('cmyk').toColourspace('cmyk').jpeg().toBuffer(),
  ).metadata();
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

  it('is shown in sRGB, whatever the profile of its colours', async () => {
    const { icc = Buffer.alloc(0) } = await sharp(
      await sharp('docs/samples/cat.jpg').withIccProfile('p3').png().toBuffer(),
    ).metadata();
    const bytes = withProperty(file('sideways'), 'colr', Buffer.concat([Buffer.from('prof'), icc]), [2, 3]);
    const raw = imageOf(heicOf(file('sideways'), 1000).raw);
    const tagged = sharp(await withProfile(raw, icc)).toColourspace('srgb');
    const decode = openDecoder({ renditionPx: 512, thumbnailPx: 1000, limitPixels: 1e6 });
    const wants = { rendition: true, infer: false };
    const shown = sharp((await decode({ bytes, format: 'heic', wants })).rendition);
    expect(await distance(shown, tagged)).toBeLessThan(3);
    expect(await distance(shown, imageOf(heicOf(file('sideways'), 1000).raw))).toBeGreaterThan(4);
  });

  it.each([
    ['nonsense', async () => Buffer.alloc(700, 0x5a)],
    ['a profile of other channels', async () => (await cmyk()).icc ?? Buffer.alloc(0)],
  ])('is shown as it is where its profile is %s', async (_, profile) => {
    const property = Buffer.concat([Buffer.from('prof'), await profile()]);
    const bytes = withProperty(file('sideways'), 'colr', property, [2, 3]);
    const decode = openDecoder({ renditionPx: 512, thumbnailPx: 1000, limitPixels: 1e6 });
    const wants = { rendition: true, infer: false };
    const shown = sharp((await decode({ bytes, format: 'heic', wants })).rendition);
    expect(await distance(shown, imageOf(heicOf(file('sideways'), 1000).raw))).toBeLessThan(3);
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
      const { probabilities = [], widthPx, rendition: jpeg } = await pool.analyse(job, longContext());
      expect(labels[probabilities.indexOf(Math.max(...probabilities))]).toBe(category);
      expect(widthPx).toBe(width);
      if (rendition) expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', space: 'srgb' });
    }
  });
});
