import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type NetworkInput, openDecoder } from '../../src/image/decode/decode.ts';
import { formatOf } from '../../src/image/inspect/format.ts';
import { withoutCompressedText } from '../../src/image/inspect/png-text.ts';
import { burstingProfile, burstingText, png } from '../support/hostile-files.ts';
import { jobOf } from '../support/pools.ts';

const input: NetworkInput = {
  widthPx: 256,
  heightPx: 256,
  fit: 'contain',
  background: { r: 0, g: 0, b: 0 },
  kernel: 'linear',
};
const decoder = openDecoder({ renditionPx: 512, limitPixels: 2_000_000, thumbnailPx: 256, input });
const both = { rendition: true, infer: true };
const decode = (bytes: Buffer, wants = both) =>
  decoder({ ...jobOf(bytes, wants), bytes, format: formatOf(bytes) });

const coffee = sharp('docs/samples/coffee.jpg');
const coffeePixels = (await decode(readFileSync('docs/samples/coffee.jpg'))).pixels ?? Buffer.alloc(0);
/** Mean difference of two inputs of the network, 0 to 255. */
function distance(one: Buffer, other: Buffer): number {
  return one.reduce((sum, value, at) => sum + Math.abs(value - (other[at] ?? 0)), 0) / one.length;
}

const plain = (background: string, width = 60, height = 40) =>
  sharp({ create: { width, height, channels: 3, background } });
/** Colour of one pixel of an encoded picture. */
async function colourAt(encoded: Buffer, left: number, top: number): Promise<number[]> {
  const pixel = sharp(encoded).extract({ left, top, width: 1, height: 1 });
  return [...(await pixel.removeAlpha().toColourspace('srgb').raw().toBuffer())];
}
const red = (channels: number[]) =>
  (channels[0] ?? 0) > 200 && (channels[1] ?? 0) < 60 && (channels[2] ?? 0) < 60;

/** Detail everywhere, so that every row takes about as many bytes. */
const noise = sharp({
  create: {
    width: 600,
    height: 800,
    channels: 3,
    background: '#888',
    noise: { type: 'gaussian', mean: 128, sigma: 30 },
  },
});
const without = (bytes: Buffer, count: number) => bytes.subarray(0, bytes.length - Math.floor(count));

describe('decoding', () => {
  it('makes the network’s input exactly as its manifest says where nothing else is wanted', async () => {
    const { pixels, rendition } = await decode(readFileSync('docs/samples/pagoda.jpg'), {
      rendition: false,
      infer: true,
    });
    const golden = await sharp('models/album9/golden/pagoda.png').raw().toBuffer();
    expect(pixels?.equals(golden)).toBe(true);
    expect(rendition).toHaveLength(0);
  });

  it('makes nearly the same input beside a rendition', async () => {
    const { pixels } = await decode(readFileSync('docs/samples/pagoda.jpg'));
    const golden = await sharp('models/album9/golden/pagoda.png').raw().toBuffer();
    expect(distance(pixels ?? Buffer.alloc(0), golden)).toBeLessThan(1.5);
  });

  it('makes a rendition of at most 512 px and tells the size of the photo itself', async () => {
    const { rendition, widthPx, heightPx } = await decode(await plain('#123', 1500, 1000).jpeg().toBuffer());
    expect([widthPx, heightPx]).toEqual([1500, 1000]);
    expect(await sharp(rendition).metadata()).toMatchObject({
      format: 'jpeg',
      width: 512,
      height: 341,
      space: 'srgb',
    });
  });

  it('never enlarges, and skips steps that are not wanted', async () => {
    const { rendition, pixels } = await decode(await plain('#123').jpeg().toBuffer(), {
      rendition: true,
      infer: false,
    });
    expect(await sharp(rendition).metadata()).toMatchObject({ width: 60, height: 40 });
    expect(pixels).toBeUndefined();
  });

  it.each([
    ['CMYK JPEG', () => coffee.clone().toColourspace('cmyk').jpeg(), 8],
    ['16-bit PNG', () => coffee.clone().toColourspace('rgb16').png(), 2],
    ['palette PNG', () => coffee.clone().png({ palette: true }), 3],
    ['interlaced PNG', () => coffee.clone().png({ progressive: true }), 2],
    ['lossy WebP', () => coffee.clone().webp(), 3],
    ['AVIF', () => coffee.clone().avif({ effort: 0 }), 3],
    ['GIF', () => coffee.clone().gif(), 3],
    ['wide-gamut JPEG', () => coffee.clone().withIccProfile('p3').jpeg(), 3],
    ['progressive JPEG', () => coffee.clone().jpeg({ progressive: true }), 3],
  ])('takes a %s', async (_, make, tolerance) => {
    const { pixels, rendition } = await decode(await make().toBuffer());
    expect(distance(pixels ?? Buffer.alloc(0), coffeePixels)).toBeLessThan(tolerance);
    expect(await sharp(rendition).metadata()).toMatchObject({ format: 'jpeg', channels: 3, space: 'srgb' });
  });

  it.each([
    ['8-bit grey JPEG', () => coffee.clone().greyscale().jpeg()],
    ['16-bit grey PNG', () => coffee.clone().toColourspace('grey16').png()],
    ['grey PNG with alpha', () => coffee.clone().greyscale().ensureAlpha(1).png()],
  ])('spreads a %s over three equal channels', async (_, make) => {
    const { pixels = Buffer.alloc(0), rendition } = await decode(await make().toBuffer());
    const middle = pixels.subarray((128 * 256 + 128) * 3, (128 * 256 + 128) * 3 + 3);
    expect(new Set(middle).size).toBe(1);
    expect((await sharp(rendition).metadata()).channels).toBe(3);
  });

  it.each([
    ['alone', { rendition: false, infer: true }],
    ['beside a rendition', { rendition: true, infer: true }],
  ])('shows transparency on white, to the network %s as to the LLM', async (_, wants) => {
    const background = { r: 0, g: 0, b: 0, alpha: 0 };
    const clear = await sharp({ create: { width: 20, height: 10, channels: 4, background } })
      .png()
      .toBuffer();
    const { rendition, pixels = Buffer.alloc(0) } = await decode(clear, wants);
    if (wants.rendition) expect(await colourAt(rendition, 10, 5)).toEqual([255, 255, 255]);
    const levelAt = (y: number) => pixels[(y * 256 + 128) * 3];
    // The network's frame stays black.
    expect([levelAt(128), levelAt(10)]).toEqual([255, 0]);

    const half = await coffee.clone().ensureAlpha(0.5).png().toBuffer();
    const onWhite = await sharp(half).flatten({ background: '#fff' }).png().toBuffer();
    const [seen, expected] = await Promise.all([decode(half, wants), decode(onWhite, wants)]);
    expect(seen.pixels?.equals(expected.pixels ?? Buffer.alloc(0))).toBe(true);
  });

  it.each(['gif', 'webp'] as const)('takes the first frame of an animated %s', async (format) => {
    const frames = [await plain('#f00').png().toBuffer(), await plain('#00f').png().toBuffer()];
    const animated = await sharp(frames, { join: { animated: true } })
      [format]()
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(2);
    const { rendition, widthPx, heightPx } = await decode(animated);
    expect([widthPx, heightPx]).toEqual([60, 40]);
    expect(red(await colourAt(rendition, 30, 20))).toBe(true);
  });

  it('takes the still picture of an animated AVIF', async () => {
    const avif = (brand: string) => readFileSync(`tests/fixtures/avif/${brand}.avif`);
    const [still, animated] = [await decode(avif('still-brand-avif')), await decode(avif('same-brand-avis'))];
    expect(animated.rendition.equals(still.rendition)).toBe(true);
  });

  it('takes the first picture of an MPO', async () => {
    const [first, second] = [await plain('#f00').jpeg().toBuffer(), await plain('#00f').jpeg().toBuffer()];
    const index = Buffer.from('MPF\0MM\0*\0\0\0\x08', 'latin1');
    const segment = Buffer.concat([Buffer.from([0xff, 0xe2, 0, index.length + 2]), index]);
    const mpo = Buffer.concat([first.subarray(0, 2), segment, first.subarray(2), second]);
    expect(red(await colourAt((await decode(mpo)).rendition, 30, 20))).toBe(true);
  });

  // EXIF 2.32, tag 0x0112: where the stored corners (top left, top right, bottom left, bottom right) belong.
  it.each([
    [1, 'rgbw'],
    [2, 'grwb'],
    [3, 'wbgr'],
    [4, 'bwrg'],
    [5, 'rbgw'],
    [6, 'brwg'],
    [7, 'wgbr'],
    [8, 'gwrb'],
  ])('turns a photo of EXIF orientation %i upright', async (orientation, corners) => {
    const tile = (background: string, left: number, top: number) => ({
      input: { create: { width: 32, height: 16, channels: 3 as const, background } },
      left,
      top,
    });
    const stored = await plain('#000', 64, 32)
      .composite([tile('#f00', 0, 0), tile('#0f0', 32, 0), tile('#00f', 0, 16), tile('#fff', 32, 16)])
      .withMetadata({ orientation })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const { rendition, widthPx, heightPx } = await decode(stored);
    expect([widthPx, heightPx]).toEqual(orientation < 5 ? [64, 32] : [32, 64]);
    const letters = await Promise.all(
      [
        [8, 8],
        [widthPx - 8, 8],
        [8, heightPx - 8],
        [widthPx - 8, heightPx - 8],
      ].map(async ([left = 0, top = 0]) => {
        const [r = 0, g = 0, b = 0] = await colourAt(rendition, left, top);
        return r > 128 && g > 128 ? 'w' : r > 128 ? 'r' : g > 128 ? 'g' : b > 128 ? 'b' : '?';
      }),
    );
    expect(letters.join('')).toBe(corners);
  });

  it('leaves text that bursts where it is', async () => {
    const comments = Array(24).fill(burstingText(1_000_000));
    const claim = { widthPx: 64, heightPx: 64, rawBytes: 64 * (64 * 3 + 1) };
    const bomb = png({ ...claim, chunks: [...comments, burstingProfile(200_000_000)] });
    const picture = withoutCompressedText(bomb);
    expect(picture.equals(png(claim))).toBe(true);
    expect(await decode(bomb)).toMatchObject({ widthPx: 64 });
    const small = png({ ...claim, chunks: [burstingText(1000)] });
    expect(withoutCompressedText(small)).toBe(small);
  });

  it('lets no metadata out', async () => {
    const tagged = await coffee
      .clone()
      .withExif({
        IFD0: { Make: 'SecretPhone', Copyright: 'SecretName' },
        IFD3: { GPSLatitude: '52/1 31/1 0/1' },
      })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret/></x:xmpmeta>')
      .keepIccProfile()
      .jpeg()
      .toBuffer();
    expect(tagged.includes('SecretPhone')).toBe(true);
    for (const infer of [true, false]) {
      const { rendition } = await decode(tagged, { rendition: true, infer });
      const { exif, xmp, icc, iptc, orientation } = await sharp(rendition).metadata();
      expect([exif, xmp, icc, iptc, orientation]).toEqual(Array(5).fill(undefined));
      for (const word of ['Secret', 'Exif', 'GPS', 'xmpmeta', 'ICC_PROFILE'])
        expect(rendition.includes(word)).toBe(false);
    }
  });

  it('refuses a photo of too many pixels', async () => {
    const large = await plain('#fff', 2001, 1000).png().toBuffer();
    await expect(decode(large)).rejects.toMatchObject({ code: 'too_many_pixels', status: 413 });
  });
});

describe('broken files', () => {
  it('are taken where all that is missing is hardly anything', async () => {
    const baseline = await noise.clone().jpeg().toBuffer();
    const progressive = await noise.clone().jpeg({ progressive: true }).toBuffer();
    for (const almost of [
      without(baseline, 2),
      without(baseline, baseline.length * 0.01),
      without(progressive, 2),
      without(progressive, 1),
      Buffer.concat([baseline, Buffer.alloc(5000, 0x5a)]),
    ])
      expect(await decode(almost)).toMatchObject({ widthPx: 600, heightPx: 800 });
  });

  it.each([
    ['baseline JPEG', () => noise.clone().jpeg()],
    ['progressive JPEG', () => noise.clone().jpeg({ progressive: true })],
    ['PNG', () => noise.clone().png()],
    ['WebP', () => noise.clone().webp()],
    ['GIF', () => coffee.clone().gif()],
    ['AVIF', () => noise.clone().avif({ effort: 0 })],
  ])('are refused as cut short where part of a %s is missing', async (_, make) => {
    const whole = await make().toBuffer();
    for (const share of [0.1, 0.5])
      await expect(decode(without(whole, whole.length * share))).rejects.toMatchObject({
        code: 'truncated_image',
        status: 422,
      });
  });

  it('are taken where only a checksum is wrong', async () => {
    const png = Buffer.from(await noise.clone().png().toBuffer());
    const dataAt = png.indexOf('IDAT');
    const checksumAt = dataAt + 4 + png.readUInt32BE(dataAt - 4);
    png.writeUInt32BE((png.readUInt32BE(checksumAt) ^ 1) >>> 0, checksumAt);
    expect(await decode(png)).toMatchObject({ widthPx: 600, heightPx: 800 });
  });

  it('are refused without a word of the decoder’s', async () => {
    const files = [
      Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(200, 7)]),
      Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(200, 7)]),
      Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(10, 7)]),
      Buffer.concat([Buffer.from('RIFF\x10\0\0\0WEBPVP8 '), Buffer.alloc(200, 7)]),
      Buffer.from([0xff, 0xd8, 0xff]),
    ];
    for (const file of files) {
      const refusal = await decode(file).catch((error) => error);
      expect(refusal).toMatchObject({ status: 422 });
      expect(refusal.message).not.toMatch(/vips|buffer|libpng|webp:|gif:/i);
    }
  });
});
