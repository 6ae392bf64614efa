/**
 * Kills and stops children and exhausts their memory while many photos arrive. Does any other photo fail, and how soon
 * is the pool complete again? `npm run bench bench/child-loss.ts`
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import sharp from 'sharp';
import type { ChildOptions } from '../src/child.ts';
import { openPool } from '../src/image/pool/pool.ts';
import { deadlineIn } from '../src/resilience/deadline.ts';

const size = 2;
const losses: { readonly loss: string; readonly atMs: number }[] = [];
const pool = openPool({
  size,
  childUrl: new URL('../src/child.ts', import.meta.url),
  childOptions: {
    manifestFile: 'models/album9/manifest.json',
    renditionPx: 512,
    limitPixels: 100e6,
    thumbnailPx: 308,
  } satisfies ChildOptions,
  queueLimit: 1000,
  jobTimeoutMs: 3000,
  maxRssBytes: 450_000_000,
  log: pino({ level: 'silent' }),
  hooks: { childLost: (loss) => losses.push({ loss, atMs: performance.now() }) },
});
const photo = readFileSync(new URL('../docs/samples/coffee.jpg', import.meta.url));
const costly = await sharp({ create: { width: 4000, height: 4000, channels: 3, background: '#5a781e' } })
  .avif({ effort: 0, chromaSubsampling: '4:4:4' })
  .toBuffer();
const signal = new AbortController().signal;

function analyse(bytes: Buffer, format: 'jpeg' | 'avif') {
  const own = Buffer.concat([bytes, randomBytes(8)]);
  const sha256 = createHash('sha256').update(own).digest('hex');
  const wants = { rendition: true, infer: true };
  const cost = { cpuMs: 40, megabytes: 20 };
  return pool.analyse(
    { kind: 'decode', sha256, bytes: own, format, wants, cost },
    { deadline: deadlineIn(60_000), signal },
  );
}

const ready = async () => {
  while (pool.status().ready < size) await sleep(2);
};
await ready();

const assaults: readonly (readonly [string, () => unknown])[] = [
  ['killed (SIGKILL)', () => process.kill(pool.status().pids[0] ?? 0, 'SIGKILL')],
  ['stopped (SIGSTOP)', () => process.kill(pool.status().pids[0] ?? 0, 'SIGSTOP')],
  [
    'out of memory, in two',
    () => analyse(costly, 'avif').catch(({ code }: { code: string }) => (refusal = code)),
  ],
];
let refusal = '';
for (const [name, assault] of assaults) {
  let [done, lost, isOver] = [0, 0, false];
  losses.length = 0;
  const callers = Array.from({ length: 8 }, async () => {
    while (!isOver)
      await analyse(photo, 'jpeg').then(
        () => done++,
        () => lost++,
      );
  });
  await sleep(500);
  void assault();
  const expected = name.endsWith('two') ? 2 : 1;
  const backMs: number[] = [];
  while (backMs.length < expected) {
    while (losses.length === backMs.length) await sleep(2);
    await ready();
    backMs.push(performance.now() - (losses[backMs.length]?.atMs ?? 0));
  }
  await sleep(1000);
  isOver = true;
  await Promise.all(callers);
  console.log(
    `${name.padEnd(24)} ${losses.map(({ loss }) => loss).join(', ')}: back after ${backMs.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}; of ${done + lost} other photos ${lost} lost`,
  );
}
console.log(`the photo that was too large: ${refusal}`);
await pool.close();
