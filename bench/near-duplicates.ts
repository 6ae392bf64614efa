/**
 * How many copies of a picture are recognised, and how many other pictures are mistaken for copies:
 * `npm run bench -- bench/near-duplicates.ts FOLDER [--every 10]`. `--every 10` makes variants of every tenth photo only.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { photoFiles } from '../src/cli/album/photo-files.ts';
import type { Fingerprint } from '../src/image/photo.ts';
import { areDuplicates, fingerprintOf } from '../tests/support/pictures/fingerprint.ts';
import { lookAlikes } from '../tests/support/pictures/look-alikes.ts';
import { bursts, chatCopies, edits, encodings, type Variant } from '../tests/support/pictures/variants.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '1' } },
});
sharp.cache(false);
function printPairs(name: string, pictures: readonly (Fingerprint | undefined)[]): number {
  let [pairs, alike] = [0, 0];
  for (const [index, one] of pictures.entries())
    for (const other of pictures.slice(index + 1)) {
      pairs += 1;
      if (areDuplicates(one, other) || areDuplicates(other, one)) alike += 1;
    }
  console.log(`  ${name.padEnd(34)} ${alike} of ${pairs} pairs`);
  return alike;
}

const files = photoFiles(positionals).files.map(({ file }) => file);
const photos: { bytes: Buffer; fingerprint: Fingerprint | undefined }[] = [];
for (const file of files) {
  const bytes = readFileSync(file);
  photos.push({ bytes, fingerprint: await fingerprintOf(bytes) });
}
console.log(`${photos.length} photos, ${photos.filter((one) => one.fingerprint).length} with a fingerprint`);

console.log('different pictures taken for the same:');
printPairs(
  'photos',
  photos.map(({ fingerprint }) => fingerprint),
);
const faces = files.filter((file) => file.includes('single_person'));
for (const [kind, pictures] of await lookAlikes(faces))
  printPairs(kind, await Promise.all(pictures.map(fingerprintOf)));

const sample = photos.filter((_, index) => index % Number(values.every) === 0);
const sizeOf = async (bytes: Buffer) => {
  const { width = 0, height = 0 } = await sharp(bytes).metadata();
  return { widthPx: width, heightPx: height };
};

/** As large as a phone makes them, with the grain of its sensor. */
async function asByPhone(small: Buffer, widthPx: number): Promise<Buffer> {
  const large = await sharp(small)
    .resize(widthPx, null, { kernel: 'lanczos3' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = large.info;
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 25 };
  const grain = sharp({ create: { width, height, channels: 3, background: '#888', noise } });
  return sharp(large.data)
    .composite([{ input: await grain.png({ compressionLevel: 0 }).toBuffer(), blend: 'soft-light' }])
    .jpeg({ quality: 92 })
    .toBuffer();
}

async function printVariants(title: string, variants: Readonly<Record<string, Variant>>, enlarged = 1) {
  console.log(title);
  const counts = new Map(Object.keys(variants).map((name) => [name, 0]));
  for (const { bytes: small, fingerprint: own } of sample) {
    const { widthPx } = await sizeOf(small);
    const bytes = enlarged === 1 ? small : await asByPhone(small, widthPx * enlarged);
    const fingerprint = enlarged === 1 ? own : await fingerprintOf(bytes);
    const size = await sizeOf(bytes);
    for (const [name, variant] of Object.entries(variants))
      if (areDuplicates(fingerprint, await fingerprintOf(await variant(bytes, size))))
        counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [name, count] of counts)
    console.log(`  ${name.padEnd(34)} ${count}/${sample.length} = ${(count / sample.length).toFixed(4)}`);
}

await printVariants('found, the same picture in another encoding:', encodings);
await printVariants('found, photos of 2,880 px sent through a chat app:', chatCopies, 6);
await printVariants('found, the next photo of a burst:', bursts);
await printVariants('found, an edit:', edits);
