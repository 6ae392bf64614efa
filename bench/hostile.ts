/**
 * Hostile photos beside honest ones: how long each takes to be answered, what memory it costs, and how quickly
 * `/health/live` answers meanwhile. `npm run bench bench/hostile.ts`. Targets: what is refused is refused within
 * 300 ms and 100 MB.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import * as hostile from '../tests/support/hostile-files.ts';
import { percentile, startService } from './start-service.ts';

const canvas = (edgePx: number) =>
  sharp({
    create: { width: edgePx, height: edgePx, channels: 4, background: '#5a781e' },
    limitInputPixels: false,
  });
const files: readonly (readonly [string, Buffer])[] = [
  ['progressive JPEG, 7000², 883 passes', await hostile.manyScans(7000, 883)],
  ['progressive JPEG, 5000², 883 passes', await hostile.manyScans(5000, 883)],
  ['progressive JPEG, 5000², 50 passes', await hostile.manyScans(5000, 50)],
  ['JPEG that claims 65500²', await hostile.jpegClaiming({ widthPx: 65_500, heightPx: 65_500 })],
  ['JPEG of 100,000 segments', await hostile.jpegWithSegments(100_000, 2)],
  ['JPEG of 11.8 MB of metadata', await hostile.jpegWithSegments(180, 65_535)],
  ['AVIF, 7000²', await canvas(7000).removeAlpha().avif({ effort: 0 }).toBuffer()],
  ['AVIF that claims 60000²', hostile.isoFile({ brand: 'avif', widthPx: 60_000, heightPx: 60_000 })],
  [
    'PNG, 7000², 16-bit RGBA, interlaced',
    await canvas(7000).toColourspace('rgb16').png({ progressive: true }).toBuffer(),
  ],
  ['PNG, 1×4,900,000', hostile.png({ widthPx: 1, heightPx: 4_900_000, rawBytes: 4 * 4_900_000 })],
  [
    'PNG with 1.2 GB of comments',
    hostile.png({
      widthPx: 64,
      heightPx: 64,
      rawBytes: 64 * 193,
      chunks: Array(24).fill(hostile.burstingText(50_000_000)),
    }),
  ],
  [
    'PNG with a colour profile of 1 GB',
    hostile.png({ widthPx: 64, heightPx: 64, rawBytes: 64 * 193, chunks: [hostile.burstingProfile(1e9)] }),
  ],
  ['GIF of 200,000 frames', hostile.gif(64, 64, 200_000)],
  ['GIF of 65535²', hostile.gif(65_535, 65_535, 1)],
  ['WebP that claims 16383²', await hostile.webpClaiming(16_383, 16_383)],
  [
    'HEIC of a tile named 10,000 times',
    hostile.isoFile({ brand: 'heic', widthPx: 4000, heightPx: 3000, tiles: 2, repeats: 10_000 }),
  ],
  ['boxes in boxes, 3000 deep', hostile.nestedBoxes(3000)],
  ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
];

const service = await startService();
const cat = readFileSync(new URL('../docs/samples/cat.jpg', import.meta.url));
await send(cat);

async function send(photo: Buffer): Promise<{ status: number; ms: number; code: string }> {
  const form = new FormData();
  form.append('image', new Blob([photo as Uint8Array<ArrayBuffer>]), 'a.jpg');
  const startedMs = performance.now();
  const reply = await fetch(`${service.url}/api/v1/classify`, { method: 'POST', body: form });
  const { code = '' } = (await reply.json()) as { code?: string };
  return { status: reply.status, ms: performance.now() - startedMs, code };
}

/** All of it until it is over, by values of milliseconds. */
async function during(work: Promise<unknown>, once: () => Promise<unknown>): Promise<number[]> {
  const values: number[] = [];
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const startedMs = performance.now();
    await once();
    values.push(performance.now() - startedMs);
    await sleep(5);
  }
  return values;
}

console.log(`${'file'.padEnd(38)}     bytes  status     ms  MB more`);
for (const [name, photo] of files) {
  service.peak.all = 0;
  const before = service.residentBytes();
  const { status, ms, code } = await send(photo);
  await sleep(60);
  const more = Math.max(0, service.peak.all - before) / 1e6;
  const cells = [
    String(photo.length).padStart(9),
    String(status).padStart(7),
    ms.toFixed(0).padStart(6),
    more.toFixed(0).padStart(8),
  ];
  console.log(`${name.padEnd(38)} ${cells.join(' ')}  ${code}`);
}

const live = async () => (await fetch(`${service.url}/health/live`)).arrayBuffer();
const rounds = async () => {
  for (let round = 0; round < 3; round += 1)
    await Promise.all(files.map(([, photo]) => send(Buffer.concat([photo, Buffer.from(String(round))]))));
};
const line = (values: number[]) =>
  `p50 ${percentile(values, 0.5).toFixed(1)} ms, p99 ${percentile(values, 0.99).toFixed(1)} ms (${values.length})`;
console.log(`/health/live, idle           ${line(await during(sleep(2000), live))}`);
console.log(`/health/live, under all 3×   ${line(await during(rounds(), live))}`);
let honest = 0;
const one = () => send(Buffer.concat([cat, Buffer.from(`n${honest++}`)]));
console.log(`honest photo, alone          ${line(await during(sleep(2000), one))}`);
console.log(`honest photo, under all 3×   ${line(await during(rounds(), one))}`);
await service.stop();
