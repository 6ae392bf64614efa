/**
 * Cost of a look-up for near duplicates and of storing a fingerprint, in albums of several sizes among fingerprints of
 * other users, and cost of a decode with and without a fingerprint:
 * `npm run bench -- bench/near-duplicate-lookups.ts FOLDER [--rows 1000000] [--mysql] [--keep PLACE [--fill]]`.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { isNearDuplicate } from '../src/cache/near-duplicate.ts';
import { photoFiles } from '../src/cli/album/photo-files.ts';
import { openDecoder } from '../src/image/decode/decode.ts';
import { setUpSharp } from '../src/image/decode/set-up-sharp.ts';
import { formatOf } from '../src/image/inspect/format.ts';
import type { Fingerprint } from '../src/image/photo.ts';
import { fingerprintOf } from '../tests/support/pictures/fingerprint.ts';
import { inGroups, openBenchStore, placeOptions, resultWith, version } from './many-rows.ts';
import { percentile } from './start-service.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string', default: '1000000' }, ...placeOptions },
});

const photos: Fingerprint[] = [];
for (const file of photoFiles(positionals).files.map(({ file }) => file)) {
  const fingerprint = await fingerprintOf(readFileSync(file));
  if (fingerprint) photos.push(fingerprint);
}

/** Realistic fingerprints: bits of real ones, some of them inverted, like those of similar scenes. */
function someFingerprint(): Fingerprint {
  const like = photos[Math.floor(Math.random() * photos.length)] as Fingerprint;
  const turned = Array.from({ length: 20 }, (_, bit) => (Math.random() < 0.2 ? 2 ** bit : 0));
  const bits = turned.reduce((all, bit) => all ^ bit, like.bits);
  return { ...like, bits, brightness: randomBytes(784) };
}

const sizes = [2000, 20_000, 100_000];
const albumOf = (size: number) => size.toString(16).padStart(32, '0');
const rows = Number(values.rows);
const { store, results, close } = await openBenchStore({ isMysql: values.mysql, keep: values.keep });

async function fill(count: number, claimant: () => string): Promise<void> {
  const contents = Array.from({ length: count }, () => randomBytes(32).toString('hex'));
  await inGroups(contents, Number.POSITIVE_INFINITY, async (group) => {
    await store.saveResults(group.map(resultWith));
    await store.saveFingerprints(
      group.map((content) => ({ claimant: claimant(), content, fingerprint: someFingerprint() })),
    );
  });
}

if (results === 0) {
  const startedMs = performance.now();
  for (const size of sizes) await fill(size, () => albumOf(size));
  const others = Array.from({ length: 1000 }, () => randomBytes(16).toString('hex'));
  const left = Math.max(0, rows - sizes.reduce((sum, size) => sum + size, 0));
  await fill(left, () => others[Math.floor(Math.random() * others.length)] ?? '');
  console.log(`filled in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
}
if (values.fill) {
  await close();
  process.exit();
}

async function timed(name: string, times: number, run: (index: number) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < 20; index += 1) await run(index);
  const cpu = process.cpuUsage();
  const durations: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const startedMs = performance.now();
    await run(index);
    durations.push(performance.now() - startedMs);
  }
  const { user, system } = process.cpuUsage(cpu);
  const [p50, p99] = [percentile(durations, 0.5).toFixed(2), percentile(durations, 0.99).toFixed(2)];
  const cpuMs = ((user + system) / 1000 / times).toFixed(2);
  console.log(`  ${name.padEnd(44)} p50 ${p50} ms, p99 ${p99} ms, ${cpuMs} ms of CPU here`);
}

const photoAt = (index: number) => photos[index % photos.length] as Fingerprint;
console.log(`${store.kind}, ${Math.max(rows, results)} fingerprints in all:`);
for (const size of [...sizes, 0]) {
  let candidates = 0;
  await timed(`look-up in an album of ${size}`, 500, async (index) => {
    const fingerprint = photoAt(index);
    const found = await store.findNearDuplicates(albumOf(size), fingerprint.nearBits, version);
    candidates += found.length;
    return found.filter(({ picture }) => isNearDuplicate(fingerprint, picture));
  });
  console.log(`    ${(candidates / 520).toFixed(1)} candidates on average`);
}
await timed('filing a fingerprint', 500, () =>
  store.saveFingerprints([
    { claimant: albumOf(100_000), content: randomBytes(32).toString('hex'), fingerprint: someFingerprint() },
  ]),
);
await close();

setUpSharp();
const [first = ''] = photoFiles(positionals).files.map(({ file }) => file);
const photo = readFileSync(first);
const { width = 0 } = await sharp(photo).metadata();
const large = await sharp(photo)
  .resize(width * 8)
  .jpeg({ quality: 90 })
  .toBuffer();
const decode = openDecoder({ renditionPx: 512, limitPixels: 100_000_000, thumbnailPx: 512 });
for (const [name, bytes] of [
  ['a photo of 1024 px', await sharp(photo).resize(1024).jpeg().toBuffer()],
  [`a photo of ${width * 8} px`, large],
] as const) {
  console.log(`decode of ${name}:`);
  for (const fingerprint of [false, true, false, true])
    await timed(fingerprint ? 'with a fingerprint' : 'without', 100, () =>
      decode({ bytes, format: formatOf(bytes), wants: { rendition: true, infer: false, fingerprint } }),
    );
}
