import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { isNearDuplicate } from '../../src/cache/near-duplicate.ts';
import { withProfile } from '../../src/image/decode/colour-profile.ts';
import { decodeHeic } from '../../src/image/decode/heic.ts';
import { type Sample, sampleBytes, samples } from '../support/app.ts';
import { areDuplicates, fingerprintOf } from '../support/pictures/fingerprint.ts';
import { lookAlikes } from '../support/pictures/look-alikes.ts';
import { bursts, chatCopies, edits, encodings, type Variant } from '../support/pictures/variants.ts';
import { withProperty } from '../support/turned-heic.ts';

const photos = ['astronaut.jpg', 'cat.jpg', 'coffee.jpg', 'pagoda.jpg', 'flower.jpg'] as const;

async function isFound(name: Sample, variant: Variant): Promise<boolean> {
  const bytes = sampleBytes(name);
  const { width = 0, height = 0 } = await sharp(bytes).metadata();
  const copy = await variant(bytes, { widthPx: width, heightPx: height });
  return areDuplicates(await fingerprintOf(bytes), await fingerprintOf(copy));
}

const { 'resized to 25 %': _, ...ordinary } = encodings;
test.each(Object.entries({ ...ordinary, ...chatCopies }))('%s is the same picture', async (_, variant) => {
  for (const name of [...photos, 'screenshot.jpg', 'bank-card.jpg'] as const)
    expect([name, await isFound(name, variant)]).toEqual([name, true]);
});

const { 'cropped by 1 % in all': _a, 'cropped by 2 % in all': _b, 'moved by 1 %': _c, ...moved } = bursts;
const {
  'a caption': caption,
  'a sticker': sticker,
  'black and white': grey,
} = edits as Record<string, Variant>;
test.each(Object.entries({ ...moved, caption, sticker, grey }))(
  '%s is another picture',
  async (_, variant) => {
    for (const name of photos)
      expect([name, variant && (await isFound(name, variant))]).toEqual([name, false]);
  },
);

test.each(['iphone', 'samsung', 'sideways', 'plain'])(
  'a phone’s HEIC (%s), shown by its thumbnail or whole, and a JPEG of it are the same picture',
  async (name) => {
    const plain = readFileSync(`tests/fixtures/heic/${name}.heic`);
    const { icc = Buffer.alloc(0) } = await sharp(
      await sharp(sampleBytes('cat.jpg')).withIccProfile('p3').png().toBuffer(),
    ).metadata();
    const property = Buffer.concat([Buffer.from('prof'), icc]);
    for (const heic of name === 'sideways'
      ? [plain, withProperty(plain, 'colr', property, [2, 3])]
      : [plain]) {
      const { raw, profile } = decodeHeic(heic, { thumbnailPx: 10_000, limitPixels: 1e6 });
      const { widthPx: width, heightPx: height } = raw;
      const whole = sharp(raw.pixels, { raw: { width, height, channels: 3 } });
      const picture = profile ? sharp(await withProfile(whole, profile)) : whole;
      const copy = await picture.keepIccProfile().jpeg({ quality: 75 }).toBuffer();
      expect(areDuplicates(await fingerprintOf(heic), await fingerprintOf(copy))).toBe(true);
    }
  },
);

test('documents on one form and screens of one app are different pictures', async () => {
  const kinds = await lookAlikes([join('docs/samples/astronaut.jpg'), join('docs/samples/cat.jpg')], 6);
  expect(kinds.size).toBeGreaterThan(10);
  for (const [kind, pictures] of kinds) {
    const fingerprints = await Promise.all(pictures.map(fingerprintOf));
    const alike = fingerprints.flatMap((one, index) =>
      fingerprints.slice(index + 1).filter((other) => areDuplicates(one, other)),
    );
    expect([kind, alike.length]).toEqual([kind, 0]);
  }
});

test('the sample photos are different pictures', async () => {
  const all = await Promise.all(
    (Object.keys(samples) as Sample[]).map((name) => fingerprintOf(sampleBytes(name))),
  );
  for (const [index, one] of all.entries())
    for (const other of all.slice(index + 1)) expect(one && other && isNearDuplicate(one, other)).toBe(false);
});

test('another shape, other colours or one other cell make another picture', async () => {
  const own = await fingerprintOf(sampleBytes('cat.jpg'));
  if (!own) throw new Error('the cat has no fingerprint');
  const brightness = own.brightness.with(400, (own.brightness[400] ?? 0) > 128 ? 0 : 255);
  const colours = own.colours.with(7, ((own.colours[7] ?? 0) + 40) % 256);
  expect(isNearDuplicate(own, own)).toBe(true);
  for (const change of [{ aspect: 1600 }, { colours }, { brightness }])
    expect(isNearDuplicate(own, { ...own, ...change })).toBe(false);
});
