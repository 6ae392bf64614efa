/**
 * How well other encodings of a photo are recognised, how rarely other photos are taken for it, and how long that
 * takes among many: `npm run bench -- bench/near-duplicates.ts FOLDER [--rows 1000000] [--mysql] [--every 1]
 * [--keep PLACE [--fill]]`.
 * `--every 10` makes variants of every tenth photo only.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { photoFiles } from '../src/cli/photo-files.ts';
import { openDecoder } from '../src/image/decode.ts';
import { formatOf } from '../src/image/format.ts';
import type { Look } from '../src/image/photo.ts';
import { setUpSharp } from '../src/image/sharp-setup.ts';
import { isAlike } from '../src/store/look.ts';
import { fillLooks, openBenchStore, placeOptions, version } from './many-rows.ts';
import { percentile } from './start-service.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '1000000' },
    every: { type: 'string', default: '1' },
    ...placeOptions,
  },
});
setUpSharp();
const decode = openDecoder({ renditionPx: 512, limitPixels: 100_000_000, thumbnailPx: 512 });

async function lookOf(bytes: Buffer): Promise<Look | undefined> {
  const wants = { rendition: true, infer: false };
  const job = { sha256: '0'.repeat(64), bytes, format: formatOf(bytes), wants, cost: { pixels: 1 } };
  return (await decode(job as unknown as Parameters<typeof decode>[0])).look;
}

type Variant = (photo: Buffer, widthPx: number, heightPx: number) => Promise<Buffer>;

const resized =
  (share: number): Variant =>
  (photo, widthPx) =>
    sharp(photo)
      .resize(Math.round(widthPx * share))
      .jpeg({ quality: 85 })
      .toBuffer();
const compressed =
  (quality: number): Variant =>
  (photo) =>
    sharp(photo).jpeg({ quality }).toBuffer();
const cut =
  (left: number, top: number, right: number, bottom: number): Variant =>
  (photo, widthPx, heightPx) => {
    const [x, y] = [Math.floor(widthPx * left), Math.floor(heightPx * top)];
    const [width, height] = [
      widthPx - x - Math.floor(widthPx * right),
      heightPx - y - Math.floor(heightPx * bottom),
    ];
    return sharp(photo).extract({ left: x, top: y, width, height }).jpeg({ quality: 85 }).toBuffer();
  };

const encodings: Record<string, Variant> = {
  'resized to 25 %': resized(0.25),
  'resized to 50 %': resized(0.5),
  'resized to 75 %': resized(0.75),
  'JPEG quality 40': compressed(40),
  'JPEG quality 70': compressed(70),
  'JPEG quality 95': compressed(95),
  'WebP quality 75': (photo) => sharp(photo).webp({ quality: 75 }).toBuffer(),
  'chat app': async (photo, widthPx) =>
    compressed(50)(
      await sharp(photo)
        .resize(Math.round(widthPx * 0.7))
        .jpeg({ quality: 60 })
        .toBuffer(),
      0,
      0,
    ),
};
const crops: Record<string, Variant> = {
  'cropped by 1 % in all': cut(0.005, 0.005, 0.005, 0.005),
  'cropped by 2 % in all': cut(0.01, 0.01, 0.01, 0.01),
  'cropped by 2 % at one side': cut(0.02, 0, 0, 0),
};

const rows = Number(values.rows);
const store = await openBenchStore({ isMysql: values.mysql, keep: values.keep });
if (store.results < rows) {
  const filledMs = await fillLooks(store, rows);
  console.log(`${rows} rows in ${(filledMs / 1000).toFixed(0)} s`);
}
if (values.fill) {
  await store.close();
  process.exit();
}
const photos: { file: string; bytes: Buffer; look: Look; sha256: string }[] = [];
for (const file of photoFiles(positionals)) {
  const bytes = readFileSync(file);
  const look = await lookOf(bytes);
  if (look) photos.push({ file, bytes, look, sha256: createHash('sha256').update(bytes).digest('hex') });
}
await store.store.saveResults(
  photos.map(({ sha256 }) => ({
    sha256,
    version,
    category: 'other',
    confidence: 1,
    method: 'llm',
    model: 'm',
    createdAt: 1,
  })),
);
await store.store.saveLooks(photos.map(({ sha256, look }) => ({ sha256, look })));
console.log(`${photos.length} photos with a look, in ${store.store.kind}`);

let unrelated = 0;
let falseHits = 0;
for (const [index, one] of photos.entries())
  for (const other of photos.slice(index + 1)) {
    unrelated += 1;
    if (!isAlike(one.look, other.look)) continue;
    falseHits += 1;
    console.log(`  alike: ${one.file} and ${other.file}`);
  }
console.log(`false hits: ${falseHits} of ${unrelated} pairs`);

const times: number[] = [];
let strangers = 0;
async function recall(variants: Record<string, Variant>): Promise<[number, number]> {
  let [all, hits] = [0, 0];
  for (const [name, variant] of Object.entries(variants)) {
    let [tried, found] = [0, 0];
    for (const { bytes, sha256 } of photos.filter((_, index) => index % Number(values.every) === 0)) {
      const { width = 0, height = 0 } = await sharp(bytes).metadata();
      const look = await lookOf(await variant(bytes, width, height));
      tried += 1;
      if (!look) continue;
      const startedMs = performance.now();
      const twins = await store.store.findTwins(look, version);
      times.push(performance.now() - startedMs);
      if (twins[0]?.sha256 === sha256) found += 1;
      strangers += twins.filter((twin) => twin.sha256 !== sha256).length;
    }
    console.log(`  ${name.padEnd(28)} ${found}/${tried} = ${(found / tried).toFixed(4)}`);
    all += tried;
    hits += found;
  }
  return [hits, all];
}
const [encoded, encodedAll] = await recall(encodings);
const [cropped, croppedAll] = await recall(crops);
console.log(`recall of re-encodings: ${(encoded / encodedAll).toFixed(4)} of ${encodedAll}`);
console.log(`recall of crops:        ${(cropped / croppedAll).toFixed(4)} of ${croppedAll}`);
console.log(`other photos among the twins: ${strangers}`);
console.log(
  `look-up among ${rows} further rows: p50 ${percentile(times, 0.5).toFixed(2)} ms, p99 ${percentile(times, 0.99).toFixed(2)} ms (${times.length} look-ups)`,
);
await store.close();
