/**
 * Hostile photos: time and memory of each; then the latency of `/health/live` and of an honest photo while hostile
 * photos arrive without a pause. Sender and prober are separate processes. `npm run bench bench/hostile.ts [probes] [photos] [at once]`. Targets: a refusal takes at
 * most 300 ms and 100 MB, and other callers hardly notice.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expensivePhotos, type Named, refusedBombs } from './bombs.ts';
import type { Probed } from './hostile-prober.ts';
import { classify, classifyBatch } from './hostile-request.ts';
import { percentile, startService } from './start-service.ts';

const [probes = 2000, photos = 200, atOnce = 8] = process.argv.slice(2).map(Number);
const service = await startService();
const { url } = service;
const cat = readFileSync(new URL('../docs/samples/cat.jpg', import.meta.url));
await classify(url, cat);

async function tell(name: string, photo: Buffer): Promise<void> {
  service.peak.all = 0;
  const before = service.residentBytes();
  const { status, ms, code } = await classify(url, photo);
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

console.log(`${'file'.padEnd(38)}     bytes  status     ms  MB more`);
for (const [name, photo] of [...refusedBombs, ...expensivePhotos]) await tell(name, photo);

async function tellBatch(): Promise<string> {
  service.peak.all = 0;
  const before = service.residentBytes();
  const photos = refusedBombs.map(([, bytes]) => Buffer.concat([bytes, randomBytes(8)]));
  const { refused, longestMs } = await classifyBatch(url, photos);
  const more = Math.max(0, service.peak.all - before) / 1e6;
  return `${refused} of ${photos.length} refused, the slowest after ${longestMs} ms; ${more.toFixed(0)} MB more`;
}
console.log(`one batch of all refused ones: ${await tellBatch()}`);

const start = (file: string): ChildProcess =>
  fork(new URL(file, import.meta.url), [], { serialization: 'advanced' });
const prober = start('./hostile-prober.ts');

const line = (values: readonly number[]) =>
  `p50 ${percentile(values, 0.5).toFixed(1)}, p99 ${percentile(values, 0.99).toFixed(1)}, longest ${Math.max(...values).toFixed(1)} ms (${values.length})`;

async function phase(name: string, bombs: Named): Promise<void> {
  const sender = bombs.length > 0 ? start('./hostile-sender.ts') : undefined;
  sender?.send({ url, photos: bombs.map(([, bytes]) => bytes), atOnce });
  await sleep(1000);
  prober.send({ url, photo: cat, probes, photos });
  const [probed] = (await once(prober, 'message')) as [Probed];
  console.log(`${name.padEnd(14)} /health/live  ${line(probed.health)}`);
  console.log(`${''.padEnd(14)} honest photo  ${line(probed.photos)}; ${probed.refused} refused`);
  if (!sender) return;
  console.log(`${''.padEnd(14)} one batch     ${await tellBatch()}`);
  sender.send('stop');
  const [statuses] = (await once(sender, 'message')) as [Record<string, number>];
  const counts = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
  console.log(`${''.padEnd(14)} bombs         ${counts.join(', ')}`);
}

console.log(`\n${atOnce} bombs at once, without a pause`);
await phase('idle', []);
await phase('refused ones', refusedBombs);
await phase('expensive ones', expensivePhotos);
await phase('all', [...refusedBombs, ...expensivePhotos]);
prober.disconnect();
await service.stop();
