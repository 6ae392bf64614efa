import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { formatOf } from '../../src/image/inspect/format.ts';

const grey = () => sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } });
const ftyp = (major: string, ...compatible: string[]) => {
  const brands = Buffer.from(`ftyp${major}\0\0\0\0${compatible.join('')}`, 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32BE(brands.length + 4);
  return Buffer.concat([size, brands, Buffer.alloc(32)]);
};

describe('the format of a file', () => {
  it.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('is told by content: %s', async (format) => {
    expect(formatOf(await grey()[format]().toBuffer())).toBe(format);
  });

  it('tells AVIF and HEIC apart where both carry the general brand', () => {
    expect(formatOf(ftyp('mif1', 'mif1', 'avif', 'miaf'))).toBe('avif');
    expect(formatOf(ftyp('mif1', 'mif1', 'heic'))).toBe('heic');
    expect(formatOf(ftyp('heic', 'mif1', 'heic'))).toBe('heic');
  });

  it('refuses HEIC with a way out where it is switched off', () => {
    const refusal = expect.objectContaining({ status: 415, message: expect.stringContaining('send') });
    expect(() => formatOf(ftyp('heic', 'mif1', 'heic'), { heic: false })).toThrow(refusal);
    expect(() => formatOf(Buffer.from('hello'), { heic: false })).toThrow(/WebP, GIF, AVIF\.$/);
  });

  it.each([
    ['a PDF', Buffer.from('%PDF-1.7\n%\xe2\xe3')],
    ['an SVG drawing', Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['a web page', Buffer.from('<!DOCTYPE html><html></html>')],
    ['a TIFF', Buffer.from('49492a0008000000', 'hex')],
    ['a BMP', Buffer.from('424d46000000000000003600', 'hex')],
    ['a video', ftyp('isom', 'isom', 'mp42')],
    ['a video', Buffer.from('1a45dfa39f4286', 'hex')],
    ['text', Buffer.from('BMW drives on petrol\n')],
  ])('names what it is instead in the refusal: %s', (name, bytes) => {
    expect(() => formatOf(bytes)).toThrow(
      expect.objectContaining({ status: 415, code: 'unsupported_format' }),
    );
    expect(() => formatOf(bytes)).toThrow(name);
  });

  it('refuses bytes that it cannot name, however few', () => {
    expect(() => formatOf(Buffer.alloc(0))).toThrow(/empty/);
    for (const bytes of [Buffer.from([0xff, 0xd8]), Buffer.from([0, 1, 2, 3]), Buffer.alloc(100, 0xee)])
      expect(() => formatOf(bytes)).toThrow(/not in an image format/);
  });

  it('takes the sample photos', () => {
    expect(formatOf(readFileSync('docs/samples/cat.jpg'))).toBe('jpeg');
  });
});
