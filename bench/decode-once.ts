/**
 * How much the local model's probabilities change if it sees the JPEG for the LLM instead of the upload:
 * `npm run bench bench/decode-once.ts FOLDER [photos]`. Each photo in its own size, and as JPEGs of 1440 and 3000 px.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDecoder } from '../src/image/decode/decode.ts';
import { formatOf } from '../src/image/inspect/format.ts';
import { readManifest } from '../src/local/manifest.ts';
import { openNetwork } from '../src/local/network.ts';

const [folder, countText = '150'] = process.argv.slice(2);
if (!folder) throw new Error('usage: node bench/decode-once.ts FOLDER [photos]');
const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
const step = Math.max(1, Math.floor(names.length / Number(countText)));

const manifest = readManifest('models/album9/manifest.json');
const network = await openNetwork(manifest);
const { input } = manifest;
const decode = openDecoder({ renditionPx: 512, limitPixels: 100e6, thumbnailPx: input.widthPx, input });

async function probabilitiesOf(bytes: Buffer, rendition: boolean): Promise<number[]> {
  const job = { bytes, format: formatOf(bytes), wants: { rendition, infer: true } };
  const { pixels } = await decode(job);
  return pixels ? network.probabilitiesOf(pixels) : [];
}

async function probabilitiesOfRendition(bytes: Buffer): Promise<number[]> {
  const { rendition } = await decode({
    bytes,
    format: formatOf(bytes),
    wants: { rendition: true, infer: false },
  });
  return probabilitiesOf(rendition, false);
}

const topOf = (probabilities: number[]) => probabilities.indexOf(Math.max(...probabilities));

const ways = {
  'with the rendition': (bytes: Buffer) => probabilitiesOf(bytes, true),
  'of the rendition': probabilitiesOfRendition,
};
for (const [way, probabilitiesBy] of Object.entries(ways)) {
  console.log(`${way}\nsize       photos  same answer  mean difference  largest`);
  for (const edgePx of [0, 1440, 3000]) await compare(edgePx, probabilitiesBy);
}

async function compare(edgePx: number, probabilitiesBy: (bytes: Buffer) => Promise<number[]>) {
  let [photos, same, sum, largest] = [0, 0, 0, 0];
  for (let at = 0; at < names.length; at += step) {
    const original = readFileSync(join(folder ?? '', names[at] ?? ''));
    const resized = sharp(original)
      .autoOrient()
      .resize(edgePx || null, edgePx || null, { fit: 'inside' });
    const bytes = edgePx === 0 ? original : await resized.sharpen().jpeg({ quality: 90 }).toBuffer();
    const [direct, shared] = [await probabilitiesOf(bytes, false), await probabilitiesBy(bytes)];
    const differences = direct.map((value, index) => Math.abs(value - (shared[index] ?? 0)));
    photos += 1;
    if (topOf(direct) === topOf(shared)) same += 1;
    sum += differences.reduce((total, difference) => total + difference, 0) / differences.length;
    largest = Math.max(largest, ...differences);
  }
  const size = edgePx === 0 ? 'as it is' : `${edgePx} px`;
  console.log(
    `${size.padEnd(10)} ${String(photos).padStart(6)} ${((100 * same) / photos).toFixed(1).padStart(11)}% ${(sum / photos).toFixed(5).padStart(16)} ${largest.toFixed(3).padStart(8)}`,
  );
}
