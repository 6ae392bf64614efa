import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openDecoder } from '../../src/image/decode/decode.ts';
import { formatOf } from '../../src/image/inspect/format.ts';
import { inspect } from '../../src/image/inspect/inspect.ts';
import { defaultPixelLimits } from '../../src/image/inspect/limits.ts';
import { box } from '../support/turned-heic.ts';

const decode = openDecoder({ renditionPx: 512, limitPixels: 100e6, thumbnailPx: 256 });
const photo = sharp('docs/samples/coffee.jpg');
const jpeg = await photo.clone().jpeg().toBuffer();
const progressive = await photo.clone().jpeg({ progressive: true }).toBuffer();

/** An APPn segment right behind the start of a JPEG. */
function withSegment(bytes: Buffer, code: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([bytes.subarray(0, 2), head, content, bytes.subarray(2)]);
}
const iccSegment = (profile: Buffer) =>
  Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), profile]);
const greyProfile = (await photo.clone().toColourspace('b-w').withIccProfile('p3').png().toBuffer()).subarray(
  0,
  400,
);

const video = Buffer.concat([
  box('ftyp', Buffer.from('isom\0\0\0\0mp42', 'latin1')),
  box('mdat', Buffer.alloc(300_000, 0x5a)),
]);
const gainMap = await photo.clone().resize(150).greyscale().jpeg().toBuffer();
const hdrXmp = Buffer.from(
  'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><hdrgm:Version>1.0</hdrgm:Version></x:xmpmeta>',
);
const multiPicture = Buffer.from('MPF\0MM\0*\0\0\0\x08', 'latin1');

/** What phones, chat apps and editors make, and viewers show. */
const files: readonly (readonly [string, Buffer])[] = [
  ['with bytes behind its end', Buffer.concat([jpeg, Buffer.alloc(5000, 0x5a)])],
  ['progressive, with bytes behind its end', Buffer.concat([progressive, Buffer.alloc(5000, 0x5a)])],
  ['without its last byte', jpeg.subarray(0, -1)],
  ['with zeros instead of its end', Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(4)])],
  ['with a colour profile that is none', withSegment(jpeg, 0xe2, iccSegment(Buffer.alloc(560, 0x5a)))],
  ['with a colour profile cut short', withSegment(jpeg, 0xe2, iccSegment(greyProfile))],
  ['with broken EXIF', withSegment(jpeg, 0xe1, Buffer.from('Exif\0\0MM\0*\xff\xff\xff\xff', 'latin1'))],
  ['a motion photo', Buffer.concat([jpeg, video])],
  [
    'Ultra HDR, with its gain map',
    Buffer.concat([withSegment(withSegment(jpeg, 0xe1, hdrXmp), 0xe2, multiPicture), gainMap]),
  ],
  ['several pictures in one file', Buffer.concat([withSegment(jpeg, 0xe2, multiPicture), jpeg, jpeg])],
  [
    'fill bytes between its segments',
    Buffer.concat([jpeg.subarray(0, 2), Buffer.alloc(7, 0xff), jpeg.subarray(2)]),
  ],
  ['much metadata', withSegment(withSegment(jpeg, 0xed, Buffer.alloc(65_000)), 0xe1, Buffer.alloc(65_000))],
  ['of a single pixel', await photo.clone().resize(1, 1).jpeg().toBuffer()],
  ['a strip', await photo.clone().resize(4000, 2, { fit: 'fill' }).png().toBuffer()],
];

describe('a photo that is a little odd', () => {
  it.each(files)('is taken: %s', async (_, bytes) => {
    const format = formatOf(bytes);
    inspect(bytes, format, { limits: defaultPixelLimits, thumbnailPx: 256 });
    const { rendition, widthPx } = await decode({ bytes, format, wants: { rendition: true, infer: false } });
    const shown = sharp(rendition);
    expect((await shown.metadata()).format).toBe('jpeg');
    if (widthPx !== 600) return;
    const [one, other] = await Promise.all([
      shown.resize(60, 40).raw().toBuffer(),
      sharp(jpeg).resize(60, 40).raw().toBuffer(),
    ]);
    const difference = one.reduce((sum, value, at) => sum + Math.abs(value - (other[at] ?? 0)), 0);
    expect(difference / one.length).toBeLessThan(8);
  });
});
