/**
 * Cost of decodes of expensive photos compared with the estimate of the header check: CPU time and peak memory, each in
 * a fresh process. `npm run bench bench/decode-cost.ts`. Nothing may cost more than twice its estimate.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { formatOf } from '../src/image/inspect/format.ts';
import { inspect } from '../src/image/inspect/inspect.ts';
import { defaultPixelLimits as limits } from '../src/image/inspect/limits.ts';
import {
  burstingProfile,
  burstingText,
  denseScans,
  emptyPasses,
  gif,
  manyScans,
  png,
} from '../tests/support/hostile-files.ts';

const photo = readFileSync(new URL('../docs/samples/pagoda.jpg', import.meta.url));
const tile = await sharp(photo).resize(1000, 1000, { fit: 'cover' }).sharpen().png().toBuffer();
const canvas = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#5a781e' }, limitInputPixels: false });
const detailed = (width: number, height: number) =>
  canvas(width, height).composite([{ input: tile, tile: true }]);
const noise = (width: number, height: number, sigma = 40) =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma },
    },
  });
const bytesOf = (image: Sharp) => () => image.toBuffer();

const files: readonly (readonly [string, () => Promise<Buffer> | Buffer])[] = [
  ['JPEG 1.5 MP', bytesOf(detailed(1080, 1440).jpeg())],
  ['JPEG 12 MP', bytesOf(detailed(4000, 3000).jpeg({ quality: 85 }))],
  ['JPEG 100 MP, flat', bytesOf(canvas(10_000, 10_000).jpeg())],
  ['JPEG 100 MP, detailed', bytesOf(detailed(12_000, 8300).jpeg({ quality: 30 }))],
  ['JPEG 100 MP, 4:4:4', bytesOf(canvas(10_000, 10_000).jpeg({ chromaSubsampling: '4:4:4' }))],
  ['JPEG panorama 20000×3000', bytesOf(detailed(20_000, 3000).jpeg({ quality: 60 }))],
  ['JPEG 12 MP, noise', bytesOf(noise(4000, 3000).jpeg({ quality: 85, chromaSubsampling: '4:4:4' }))],
  ['progressive 12 MP', bytesOf(detailed(4000, 3000).jpeg({ quality: 85, progressive: true }))],
  ['progressive 25 MP, flat', bytesOf(canvas(5000, 5000).jpeg({ progressive: true }))],
  ['progressive 24 MP, 64 empty passes', () => emptyPasses(4950)],
  [
    'progressive 25 MP, noise',
    bytesOf(noise(5000, 5000, 20).jpeg({ quality: 20, progressive: true, chromaSubsampling: '4:4:4' })),
  ],
  ['progressive 25 MP, 60 passes', () => manyScans(5000, 50)],
  ['progressive 25 MP, 60 dense passes', () => denseScans(5000, 50)],
  ['PNG 12 MP', bytesOf(detailed(4000, 3000).png())],
  ['PNG 12 MP, filtered', bytesOf(detailed(4000, 3000).png({ adaptiveFiltering: true }))],
  [
    'PNG 49 MP, 16-bit RGBA',
    () => png({ widthPx: 7000, heightPx: 7000, depth: 16, colourType: 6, rawBytes: 7000 * 56_001 }),
  ],
  [
    'PNG 16 MP, 16-bit RGBA, interlaced',
    bytesOf(
      noise(4000, 4000).ensureAlpha().toColourspace('rgb16').png({ progressive: true, compressionLevel: 1 }),
    ),
  ],
  [
    'PNG with 1.2 GB of comments',
    () =>
      png({
        widthPx: 64,
        heightPx: 64,
        rawBytes: 64 * 193,
        chunks: Array(24).fill(burstingText(50_000_000)),
      }),
  ],
  [
    'PNG with a colour profile of 90 MB',
    () => png({ widthPx: 64, heightPx: 64, rawBytes: 64 * 193, chunks: [burstingProfile(90_000_000)] }),
  ],
  [
    'PNG with a colour profile of 1 GB',
    () => png({ widthPx: 64, heightPx: 64, rawBytes: 64 * 193, chunks: [burstingProfile(1e9)] }),
  ],
  ['WebP 49 MP', bytesOf(detailed(7000, 7000).webp({ effort: 0, quality: 50 }))],
  ['WebP 12 MP, lossless', bytesOf(detailed(4000, 3000).webp({ effort: 0, lossless: true }))],
  ['WebP 49 MP, lossless, flat', bytesOf(canvas(7000, 7000).webp({ effort: 0, lossless: true }))],
  ['GIF 16 MP', bytesOf(canvas(4000, 4000).gif({ effort: 1 }))],
  ['GIF 12 MP, detailed', bytesOf(detailed(4000, 3000).gif({ effort: 1 }))],
  ['GIF of 5000 frames', () => gif(480, 480, 5000)],
  ['AVIF 16 MP, flat', bytesOf(canvas(4000, 4000).avif({ effort: 0 }))],
  ['AVIF 16 MP, 4:4:4', bytesOf(detailed(4000, 4000).avif({ effort: 0, chromaSubsampling: '4:4:4' }))],
  ...process.argv.slice(2).map((file) => [file.split('/').pop() ?? file, () => readFileSync(file)] as const),
];

let worst = 0;
console.log(`${'file'.padEnd(36)}       bytes   estimated ms / MB   measured ms / MB`);
for (const [name, make] of files) {
  const bytes = await make();
  const { cpuMs, megabytes } = inspect(bytes, formatOf(bytes), { limits, thumbnailPx: 307 });
  const child = fork(new URL('./decode-cost-child.ts', import.meta.url), [], { serialization: 'advanced' });
  child.send({ bytes, format: formatOf(bytes) });
  const [measured] = (await once(child, 'message')) as [{ cpuMs: number; megabytes: number; error?: string }];
  worst = Math.max(worst, measured.cpuMs / cpuMs, measured.megabytes / megabytes);
  const cells = [cpuMs, megabytes, measured.cpuMs, measured.megabytes].map((n) =>
    String(Math.round(n)).padStart(6),
  );
  console.log(
    `${name.padEnd(36)} ${String(bytes.length).padStart(11)}   ${cells[0]} ${cells[1]}      ${cells[2]} ${cells[3]}   ${measured.error ?? ''}`,
  );
}
console.log(`largest measured / estimated: ${worst.toFixed(2)} (may be 2)`);
