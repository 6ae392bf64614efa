/**
 * Latency of `/health/live` while the local model classifies photos, compared with an idle service.
 * `npm run bench bench/health-latency.ts [photos]`
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { percentile, startService } from './start-service.ts';

const photos = Number(process.argv[2] ?? 200);
const names = ['cat', 'coffee', 'pagoda', 'flower', 'astronaut'];
const uploads = await Promise.all(
  names.map((name) =>
    sharp(readFileSync(new URL(`../docs/samples/${name}.jpg`, import.meta.url)))
      .resize(1080, 1440, { fit: 'cover' })
      .jpeg({ quality: 85 })
      .toBuffer(),
  ),
);

const preload = new URL('./loop-delay.ts', import.meta.url).pathname;
const service = await startService({}, ['--import', preload]);

const idle = await probeDuring(sleep(2000));
const startedMs = performance.now();
const busy = await probeDuring(classifyAll());
const seconds = (performance.now() - startedMs) / 1000;

const line = (values: readonly number[]) =>
  `p50 ${percentile(values, 0.5).toFixed(1)} ms, p99 ${percentile(values, 0.99).toFixed(1)} ms (${values.length} probes)`;
console.log(`/health/live, idle      ${line(idle)}`);
console.log(`/health/live, inferring ${line(busy)} (target: p99 20 ms)`);
console.log(
  `classified              ${photos} photos of 1080×1440 in ${seconds.toFixed(1)} s: ${(photos / seconds).toFixed(1)} a second`,
);
await service.stop();

async function classifyAll(): Promise<void> {
  for (let first = 0; first < photos; first += 20) {
    const form = new FormData();
    for (let index = first; index < Math.min(first + 20, photos); index += 1) {
      const photo = uploads[index % uploads.length] ?? Buffer.alloc(0);
      form.append('images', new Blob([photo as Uint8Array<ArrayBuffer>, String(index)]), `${index}.jpg`);
    }
    const reply = await fetch(`${service.url}/api/v1/classify/batch`, { method: 'POST', body: form });
    const { fail_count } = (await reply.json()) as { fail_count: number };
    if (fail_count > 0) throw new Error(`${fail_count} photos failed`);
  }
}

async function probeDuring(work: Promise<unknown>): Promise<number[]> {
  const values: number[] = [];
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const startedMs = performance.now();
    await (await fetch(`${service.url}/health/live`)).arrayBuffer();
    values.push(performance.now() - startedMs);
    await sleep(5);
  }
  await work;
  return values;
}
