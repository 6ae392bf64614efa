import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { bareJpeg as bareInPlace } from '../../src/image/bare-jpeg.ts';

/** What is asked stays as it was. */
const bareJpeg = (bytes: Buffer) => bareInPlace(Buffer.from(bytes));
const cat = readFileSync('docs/samples/cat.jpg');
const decode = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
const withMetadata = (orientation: number) =>
  sharp(cat)
    .withExif({ IFD0: { Artist: 'Somebody' }, IFD3: { GPSLatitude: '52/1 31/1 0/1' } })
    .withMetadata({ orientation })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">at home</x:xmpmeta>')
    .jpeg()
    .toBuffer();

describe('a JPEG without everything but its picture', () => {
  test('has the same pixels and no metadata', async () => {
    const bytes = Buffer.concat([await withMetadata(1), await withMetadata(1), Buffer.from('a video')]);
    for (const secret of ['Somebody', 'at home', 'Exif', 'video']) expect(bytes.includes(secret)).toBe(true);
    const bare = bareJpeg(bytes) ?? Buffer.alloc(0);
    for (const secret of ['Somebody', 'at home', 'Exif', 'video', 'JFIF'])
      expect(bare.includes(secret)).toBe(false);
    expect(await decode(bare)).toEqual(await decode(bytes));
    const { exif, xmp, icc, orientation } = await sharp(bare).metadata();
    expect([exif, xmp, icc, orientation]).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('is itself where there is nothing to take away', async () => {
    const bare = bareJpeg(cat) ?? Buffer.alloc(0);
    expect(bareJpeg(bare)).toEqual(bare);
  });

  test('takes no memory of its own', async () => {
    const bytes = await withMetadata(1);
    const bare = bareInPlace(bytes);
    expect(bare?.buffer).toBe(bytes.buffer);
    expect(bare?.length).toBeLessThan(bytes.length);
  });

  test('is left to a decoder where a model would see it wrongly', async () => {
    expect(bareJpeg(await withMetadata(6))).toBeUndefined();
    expect(bareJpeg(await sharp(cat).jpeg({ progressive: true }).toBuffer())).toBeUndefined();
    expect(bareJpeg(await sharp(cat).toColourspace('cmyk').jpeg().toBuffer())).toBeUndefined();
    expect(bareJpeg(await sharp(cat).png().toBuffer())).toBeUndefined();
  });

  test.each([
    ['as one long number', 'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06'],
    ['behind a head of another kind', 'Exif\0\xffMM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0'],
  ])('is left to a decoder where it is said to be turned, %s', (_, exif) => {
    const content = Buffer.from(exif, 'latin1');
    const head = Buffer.from([0xff, 0xe1, 0, content.length + 2]);
    expect(bareJpeg(Buffer.concat([cat.subarray(0, 2), head, content, cat.subarray(2)]))).toBeUndefined();
  });

  test('is none where the file is cut anywhere', () => {
    const bare = bareJpeg(cat) ?? Buffer.alloc(0);
    for (let length = 0; length < bare.length; length += length < 1_000 ? 1 : 997)
      expect(bareJpeg(bare.subarray(0, length))).toBeUndefined();
  });
});
