import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { openDecoder } from '../../src/image/decode.ts';
import type { Look } from '../../src/image/photo.ts';
import { setUpSharp } from '../../src/image/sharp-setup.ts';
import { readManifest } from '../../src/local/manifest.ts';
import { sampleBytes, samples } from '../support/app.ts';
import { albumManifest, jobOf } from '../support/pools.ts';

beforeAll(setUpSharp);

const { input } = readManifest(albumManifest);
const names = Object.keys(samples) as (keyof typeof samples)[];

async function lookOf(
  bytes: Buffer,
  wants = { rendition: true, infer: true },
  format: 'jpeg' | 'webp' = 'jpeg',
) {
  const decode = openDecoder({ renditionPx: 512, thumbnailPx: 256, limitPixels: 50_000_000, input });
  return (await decode({ ...jobOf(bytes, wants), format })).look;
}

function bitsApart(a: Look | undefined, b: Look | undefined): number {
  const bits = (look: Look | undefined) =>
    BigInt(`0x${look?.hash ?? 'f'}`)
      .toString(2)
      .padStart(64, '0');
  return [...bits(a)].filter((bit, at) => bit !== bits(b)[at]).length;
}

describe('a look', () => {
  test.each(names)('of %s survives a smaller size and another format', async (name) => {
    const bytes = sampleBytes(name);
    const small = await sharp(bytes).resize(200).webp({ quality: 60 }).toBuffer();
    const [original, copy] = await Promise.all([
      lookOf(bytes),
      lookOf(small, { rendition: true, infer: true }, 'webp'),
    ]);
    expect(bitsApart(original, copy)).toBeLessThanOrEqual(5);
    expect(Math.abs((original?.aspect ?? 0) / (copy?.aspect ?? 1) - 1)).toBeLessThan(0.02);
  });

  test('tells the sample photos apart', async () => {
    const looks = await Promise.all(names.map((name) => lookOf(sampleBytes(name))));
    const distances = looks.flatMap((a, index) => looks.slice(index + 1).map((b) => bitsApart(a, b)));
    expect(Math.min(...distances)).toBeGreaterThan(12);
  });

  test.each([
    ['the network alone', { rendition: false, infer: true }],
    ['a vision LLM alone', { rendition: true, infer: false }],
  ])('is the same where the photo is decoded for %s', async (_, wants) => {
    const bytes = sampleBytes('pagoda.jpg');
    const [both, one] = await Promise.all([lookOf(bytes), lookOf(bytes, wants)]);
    expect(one).toBeDefined();
    expect(bitsApart(both, one)).toBeLessThanOrEqual(2);
  });

  test('of a turned photo is that of the photo as it is seen', async () => {
    const upright = sampleBytes('cat.jpg');
    const turned = await sharp(upright)
      .rotate(90)
      .withMetadata({ orientation: 8 })
      .jpeg({ quality: 95 })
      .toBuffer();
    const [a, b] = await Promise.all([lookOf(upright), lookOf(turned)]);
    expect(bitsApart(a, b)).toBeLessThanOrEqual(3);
    expect(Math.abs((a?.aspect ?? 0) - (b?.aspect ?? 0))).toBeLessThan(10);
  });

  test('names the bits that are about to turn first', async () => {
    const bytes = sampleBytes('coffee.jpg');
    const look = await lookOf(bytes);
    expect(new Set(look?.doubtful).size).toBe(32);
    const copy = await lookOf(await sharp(bytes).jpeg({ quality: 40 }).toBuffer());
    const turned = [...Array(64).keys()].filter(
      (bit) => ((BigInt(`0x${look?.hash}`) ^ BigInt(`0x${copy?.hash}`)) >> BigInt(63 - bit)) & 1n,
    );
    expect(look?.doubtful.slice(0, 16)).toEqual(expect.arrayContaining(turned));
  });

  test('is not made of an empty page', async () => {
    const create = { width: 400, height: 300, channels: 3, background: '#fff' } as const;
    expect(await lookOf(await sharp({ create }).jpeg().toBuffer())).toBeUndefined();
  });
});
