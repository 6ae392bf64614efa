/**
 * Photos per second through the pool, compared with a bare loop of sharp and onnxruntime in as many processes.
 * `node bench/local-throughput.ts FOLDER [seconds]`: makes 1080×1440 JPEGs of the folder's photos.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import sharp from 'sharp';
import type { ChildOptions } from '../src/child.ts';
import { openPool } from '../src/image/pool/pool.ts';
import { deadlineIn } from '../src/resilience/deadline.ts';

const [folder, secondsText = '10'] = process.argv.slice(2);
if (!folder) throw new Error('usage: node bench/local-throughput.ts FOLDER [seconds]');
const seconds = Number(secondsText);
const manifestFile = 'models/album9/manifest.json';
const processes = availableParallelism();

const files = readdirSync(folder).filter((name) => /\.jpe?g$/i.test(name));
const photos = await Promise.all(
  files.slice(0, 24).map((name) =>
    sharp(readFileSync(join(folder, name)))
      .resize(1080, 1440, { fit: 'cover' })
      .jpeg({ quality: 85 })
      .toBuffer(),
  ),
);

/** Photos per second of `processes` bare loops. */
async function bare(): Promise<number> {
  const children = Array.from({ length: processes }, () =>
    fork(new URL('./bare-loop.ts', import.meta.url), [], { serialization: 'advanced' }),
  );
  const rates = await Promise.all(
    children.map(async (child) => {
      const started = once(child, 'message');
      child.send({ photos, manifestFile });
      await started;
      const done = once(child, 'message');
      child.send({ seconds });
      const [rate] = (await done) as [number];
      child.disconnect();
      return rate;
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

/** Photos per second through the pool, with twice as many photos under way as there are children. */
async function pooled(rendition: boolean): Promise<number> {
  const pool = openPool({
    size: processes,
    childUrl: new URL('../src/child.ts', import.meta.url),
    childOptions: {
      manifestFile,
      renditionPx: 512,
      limitPixels: 100e6,
      thumbnailPx: 256,
    } satisfies ChildOptions,
    queueLimit: 1000,
    jobTimeoutMs: 10_000,
    maxRssBytes: 1_000_000_000,
    log: pino({ level: 'warn' }),
  });
  while (pool.status().ready < processes) await new Promise((resolve) => setTimeout(resolve, 20));
  const signal = new AbortController().signal;
  const [warmUpMs, endMs] = [performance.now() + 1000, performance.now() + 1000 + seconds * 1000];
  let done = 0;
  const client = async (offset: number) => {
    for (let at = offset; performance.now() < endMs; at++) {
      const bytes = photos[at % photos.length] ?? Buffer.alloc(0);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const cost = { cpuMs: 30, megabytes: 20 };
      const job = {
        kind: 'decode' as const,
        sha256,
        bytes,
        format: 'jpeg' as const,
        wants: { rendition, infer: true },
        cost,
      };
      await pool.analyse(job, { deadline: deadlineIn(60_000), signal });
      if (performance.now() > warmUpMs) done += 1;
    }
  };
  await Promise.all(Array.from({ length: processes * 2 }, (_, index) => client(index * 5)));
  await pool.close();
  return done / seconds;
}

const bareBefore = await bare();
const pool = await pooled(false);
const bareAfter = await bare();
const withRendition = await pooled(true);
const reference = (bareBefore + bareAfter) / 2;
console.log(
  `${processes} processes, ${photos.length} JPEGs of 1080×1440, ${seconds} s each, photos a second:`,
);
console.log(`bare loop          ${bareBefore.toFixed(1)} before, ${bareAfter.toFixed(1)} after`);
console.log(`pool               ${pool.toFixed(1)} (${(pool / reference).toFixed(2)} of the bare loop)`);
console.log(`pool + rendition   ${withRendition.toFixed(1)}`);
