/**
 * Sends files that are nearly right, and forms that are, to the whole service: `npm run fuzz [inputs] [seed]`. Every
 * answer has to be 2xx or 4xx, no process may end, nothing may hang, and memory stays where it is.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../../bench/start-service.ts';
import { writeColourModel } from '../support/tiny-model.ts';
import { corpus, mutant, randomOf } from './mutations.ts';

const inputs = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const callers = 8;
const answerWithinMs = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'album-fuzz-'));
await writeColourModel(folder);
const service = await startService({
  MODEL_DIR: folder,
  STRATEGY: 'local-only',
  INFERENCE_PROCESSES: '2',
  LOG_LEVEL: 'error',
});
const random = randomOf(seed);
const seeds = corpus();
const statuses = new Map<number, number>();
const rssMb: number[] = [];
const [startedMs, childrenAtStart] = [performance.now(), service.children().join(' ')];
let [sent, done, hangs, longestMs] = [0, 0, 0, 0];

/** One in twenty is a form that is itself wrong somewhere. */
function requestOf(photo: Buffer): { body: Buffer; type: string } {
  const boundary = 'fuzzing';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\ncontent-type: image/jpeg\r\n\r\n`;
  const form = Buffer.concat([Buffer.from(head), photo, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const body = random(20) === 0 ? mutant([form], random) : form;
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}

async function caller(): Promise<void> {
  while (sent < inputs) {
    sent += 1;
    const photo = mutant(seeds, random);
    const { body, type } = requestOf(photo);
    const [beganMs, signal] = [performance.now(), AbortSignal.timeout(answerWithinMs)];
    try {
      const reply = await fetch(`${service.url}/api/v1/classify`, {
        method: 'POST',
        body: body as Uint8Array<ArrayBuffer>,
        headers: { 'content-type': type },
        signal,
      });
      await reply.arrayBuffer();
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      if (reply.status >= 500) keep(photo, reply.status);
    } catch (error) {
      hangs += 1;
      keep(photo, 0);
      console.log(`no answer: ${String(error)}`);
    }
    longestMs = Math.max(longestMs, performance.now() - beganMs);
    done += 1;
    if (done % Math.ceil(inputs / 20) === 0) report();
  }
}

/** For the one who has to find out why. */
function keep(photo: Buffer, status: number): void {
  const file = join(tmpdir(), `fuzz-${seed}-${sent}-${status}.bin`);
  writeFileSync(file, photo);
  console.log(`${status}: kept as ${file}`);
}

function report(): void {
  rssMb.push(Math.round(service.residentBytes() / 1e6));
  const perS = Math.round((done / (performance.now() - startedMs)) * 1000);
  console.log(`${done} inputs, ${perS} a second, RSS of all processes ${rssMb.at(-1)} MB`);
}

console.log(`seed ${seed}, ${seeds.length} files`);
await Promise.all(Array.from({ length: callers }, caller));
const isSame = service.children().join(' ') === childrenAtStart;
const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
console.log(`answers            ${counts.join(', ')}`);
console.log(`without an answer  ${hangs}; longest ${(longestMs / 1000).toFixed(1)} s`);
console.log(`decoding processes ${isSame ? 'all are still those of the start' : 'some were replaced'}`);
console.log(`RSS, MB            ${rssMb.join(' ')}`);
await service.stop();
rmSync(folder, { recursive: true });
process.exitCode = hangs > 0 || [...statuses.keys()].some((status) => status >= 500) ? 1 : 0;
