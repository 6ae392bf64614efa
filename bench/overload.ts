/**
 * Photos answered per second under overload: 1,000 connections that send new photos, and retry at once or after a
 * second when they are rejected. Beside it the capacity, with two connections per core, and look-ups of a known hash.
 * `npm run bench bench/overload.ts [seconds]`
 */
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, startService } from './start-service.ts';

interface Load {
  readonly url: string;
  readonly connections: number;
  readonly retryMs: number;
  readonly seconds: number;
}

interface Answers {
  readonly answered: number;
  readonly rejected: number;
  readonly other: number;
}

const photo = readFileSync(new URL('../docs/samples/coffee.jpg', import.meta.url));
const boundary = 'a-boundary';

/** A photo that no request sent before: bytes behind its end differ. */
function form(bytes: Buffer): Buffer {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function post(url: string, body: Buffer, agent: Agent): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': body.length,
  };
  const sent = request(`${url}/api/v1/classify`, { method: 'POST', headers, agent }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode ?? 0));
  });
  sent.on('error', () => resolve(0)).end(body);
  return promise;
}

/** In a process of its own: sends photos until the time is over. */
async function runClients({ url, connections, retryMs, seconds }: Load): Promise<Answers> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const counts = { answered: 0, rejected: 0, other: 0 };
  const endMs = performance.now() + seconds * 1000;
  const client = async () => {
    while (performance.now() < endMs) {
      const status = await post(url, form(Buffer.concat([photo, randomBytes(16)])), agent);
      counts[status === 200 ? 'answered' : status === 503 ? 'rejected' : 'other'] += 1;
      if (status !== 200) await sleep(retryMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  agent.destroy();
  return counts;
}

/** CPU time of processes, in seconds. */
function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

async function lookUps(url: string, seconds: number): Promise<number[]> {
  const body = JSON.stringify({ image_hash: createHash('sha256').update(photo).digest('hex') });
  const headers = { 'content-type': 'application/json' };
  const durations: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    const startedMs = performance.now();
    const response = await fetch(`${url}/api/v1/classify/check-cache`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    durations.push(performance.now() - startedMs);
    await sleep(20);
  }
  return durations;
}

async function main(seconds: number): Promise<void> {
  const service = await startService({ WORKERS: '1', STRATEGY: 'local-only' });
  await post(service.url, form(photo), new Agent());

  async function measure(name: string, load: Omit<Load, 'url' | 'seconds'>): Promise<number> {
    const children = service.children();
    const clients = fork(import.meta.filename, ['clients'], { execArgv: process.execArgv });
    const before = cpuSeconds(children);
    const startedMs = performance.now();
    clients.send({ ...load, url: service.url, seconds } satisfies Load);
    const [durations, [counts]] = await Promise.all([
      lookUps(service.url, seconds),
      once(clients, 'message') as Promise<[Answers]>,
    ]);
    const tookS = (performance.now() - startedMs) / 1000;
    const cpu = (cpuSeconds(children) - before) / tookS;
    clients.disconnect();
    const rate = counts.answered / tookS;
    const p99 = percentile(durations, 0.99);
    console.log(
      `${name.padEnd(36)} ${rate.toFixed(1)} answered a second, ${counts.rejected} rejected, ${counts.other} others, children ${cpu.toFixed(2)} cores, look-ups p99 ${p99.toFixed(0)} ms`,
    );
    return rate;
  }

  const capacity = await measure('capacity', { connections: 2 * availableParallelism(), retryMs: 0 });
  const atOnce = await measure('1,000 that retry at once', { connections: 1000, retryMs: 0 });
  const later = await measure('1,000 that retry after a second', { connections: 1000, retryMs: 1000 });
  console.log(
    `of the capacity: ${(atOnce / capacity).toFixed(2)} at once, ${(later / capacity).toFixed(2)} after a second`,
  );
  await service.stop();
}

if (process.argv[2] === 'clients') {
  process.once('message', async (load) => process.send?.(await runClients(load as Load)));
} else await main(Number(process.argv[2] ?? 10));
