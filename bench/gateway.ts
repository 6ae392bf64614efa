/**
 * What a photo's way to a vision LLM costs, beside Portkey's gateway (npm @portkey-ai/gateway, installed into a
 * temporary folder): `node bench/gateway.ts [--seconds 15]`. The vendor answers every call after 50 ms; added is what
 * a call takes longer than straight to the vendor. Portkey is sent the JSON body that the vendor gets; the service is
 * sent a multipart form, as phones do it, once with the photo passed on byte for byte and once shrunk to 512 px.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    portkey: { type: 'string', default: '1.15.2' },
    /** Part of the names of the targets to measure beside the vendor itself. */
    only: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const loads = [
  { kilobytes: 30, rate: 50, widthPx: 512, heightPx: 384 },
  { kilobytes: 400, rate: 50, widthPx: 1_600, heightPx: 1_200 },
  { kilobytes: 1_400, rate: 20, widthPx: 4_000, heightPx: 3_000 },
] as const;
type Load = (typeof loads)[number];

/** gpt-4.1-mini, a million tokens. */
const usdPerMillion = { input: 0.4, output: 1.6 };

/**
 * For 1,000 photos of that size: 32 px patches, at most 1,536 of them, times 1.62, and some 300 tokens of words.
 * https://platform.openai.com/docs/guides/images-vision#calculating-costs
 */
function usdPer1000(widthPx: number, heightPx: number): string {
  const patches = Math.min(1_536, Math.ceil(widthPx / 32) * Math.ceil(heightPx / 32));
  const usd = ((patches * 1.62 + 300) * usdPerMillion.input + 28 * usdPerMillion.output) / 1_000_000;
  return (usd * 1_000).toFixed(3);
}

const pictures = new Map<Load, Buffer>();
for (const one of loads) {
  const { widthPx, heightPx, kilobytes } = one;
  for (let quality = 90; ; quality -= 10) {
    const picture = await sharp('docs/samples/pagoda.jpg')
      .resize(widthPx, heightPx)
      .jpeg({ quality })
      .toBuffer();
    pictures.set(one, picture);
    if (picture.length < kilobytes * 1_000 || quality <= 10) break;
  }
}

/** A photo of that size, another one each time: bytes behind the end of a JPEG are no part of the picture. */
function photoOf(one: Load): Buffer<ArrayBuffer> {
  const picture = pictures.get(one) ?? Buffer.alloc(0);
  return Buffer.concat([picture, randomBytes(Math.max(16, one.kilobytes * 1_000 - picture.length))]);
}

interface Target {
  readonly name: string;
  readonly process?: ChildProcess;
  readonly url: string;
  readonly headers: Record<string, string>;
  /** What is sent; built before the clock starts. */
  bodyOf(photo: Buffer): Buffer<ArrayBuffer>;
}

const json = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' };
function chatBody(photo: Buffer): Buffer<ArrayBuffer> {
  const url = `data:image/jpeg;base64,${photo.toString('base64')}`;
  const content = [
    { type: 'text', text: 'What does it show?' },
    { type: 'image_url', image_url: { url, detail: 'low' } },
  ];
  const body = { model: 'gpt-4.1-mini', max_tokens: 300, messages: [{ role: 'user', content }] };
  return Buffer.from(JSON.stringify(body));
}

const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
const children: ChildProcess[] = [];

async function forked(file: string, env: Record<string, string> = {}) {
  const url = new URL(file, import.meta.url);
  const child = fork(url, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function startPortkey(vendorUrl: string): Promise<Target> {
  const home = join(folder, 'portkey');
  mkdirSync(home);
  execFileSync('npm', ['init', '-y'], { cwd: home, stdio: 'ignore' });
  execFileSync(
    'npm',
    ['install', '--omit=dev', '--ignore-scripts', `@portkey-ai/gateway@${values.portkey}`],
    {
      cwd: home,
      stdio: 'ignore',
    },
  );
  const port = await freePort();
  const script = join(home, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  const trusted = { TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost', NODE_ENV: 'production' };
  const child = spawn(process.execPath, [script, `--port=${port}`, '--headless'], {
    cwd: home,
    env: { PATH: process.env.PATH, ...trusted },
    stdio: 'ignore',
  });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  )
    await sleep(100);
  const headers = { ...json, 'x-portkey-provider': 'openai', 'x-portkey-custom-host': vendorUrl };
  return { name: 'Portkey', process: child, url: `${url}/v1/chat/completions`, headers, bodyOf: chatBody };
}

async function startOurs(name: string, vendorUrl: string, env: Record<string, string>): Promise<Target> {
  const { child, port } = await forked('./gateway-service.ts', {
    SQLITE_FILE: join(folder, `${name}.db`),
    LLM_BASE_URL: vendorUrl,
    LLM_API_KEY: 'sk-bench',
    LLM_MODEL: 'gpt-4.1-mini',
    LLM_MAX_CONCURRENCY: '100',
    STRATEGY: 'llm-only',
    ...env,
  });
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return { name, process: child, url: `http://127.0.0.1:${port}/api/v1/classify`, headers, bodyOf: formBody };
}

const boundary = '----bench0123456789abcdef';
function formBody(photo: Buffer): Buffer<ArrayBuffer> {
  const disposition = 'Content-Disposition: form-data; name="image"; filename="photo.jpg"';
  const head = `--${boundary}\r\n${disposition}\r\nContent-Type: image/jpeg\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), photo, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

/** Milliseconds of each call that was answered, sorted; calls are sent at an even rate whatever the answers do. */
async function load(target: Target, one: Load, forSeconds: number) {
  const { rate } = one;
  const pending: Promise<number | undefined>[] = [];
  let failed = 0;
  const startedMs = performance.now();
  for (let call = 0; call < rate * forSeconds; call++) {
    const body = target.bodyOf(photoOf(one));
    await sleep(Math.max(0, startedMs + (call * 1_000) / rate - performance.now()));
    const sentMs = performance.now();
    pending.push(
      fetch(target.url, { method: 'POST', headers: target.headers, body })
        .then(async (response) => {
          const text = await response.text();
          if (response.status !== 200) throw new Error(`${response.status} ${text.slice(0, 300)}`);
          return performance.now() - sentMs;
        })
        .catch((error: Error) => {
          if (failed++ === 0) console.error(`${target.name}: ${error.message}`);
          return undefined;
        }),
    );
  }
  const took = (await Promise.all(pending)).filter((ms) => ms !== undefined).sort((a, b) => a - b);
  return { took, failed };
}

/** User and system time so far, of the process with its threads and without its children. */
function cpuMs(pid: number | undefined): number {
  const status = `/proc/${pid}/stat`;
  if (!existsSync(status)) return 0;
  const fields = readFileSync(status, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMb(pid: number | undefined): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1_000);
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;

try {
  const { child: vendor, port } = await forked('./lean-vendor.ts');
  const vendorUrl = `http://127.0.0.1:${port}/v1`;
  const targets: Target[] = [
    {
      name: 'straight to the vendor',
      url: `${vendorUrl}/chat/completions`,
      headers: json,
      bodyOf: chatBody,
    },
    await startPortkey(vendorUrl),
    await startOurs('ours, bytes passed on', vendorUrl, { LLM_SEND_ORIGINAL: 'true' }),
    await startOurs('ours, shrunk', vendorUrl, {}),
  ].filter(({ name }, index) => index === 0 || name.includes(values.only));
  const table: Record<string, object> = {};
  for (const one of loads) {
    let straight: number[] = [];
    for (const target of targets) {
      await load(target, one, 3);
      vendor.send('reset');
      await once(vendor, 'message');
      const usedBeforeMs = cpuMs(target.process?.pid);
      const { took, failed } = await load(target, one, seconds);
      const usedMs = cpuMs(target.process?.pid) - usedBeforeMs;
      if (target === targets[0]) straight = took;
      vendor.send('report');
      const [{ calls, bytes }] = (await once(vendor, 'message')) as [{ calls: number; bytes: number }];
      const shrunk = Math.min(1, 512 / one.widthPx);
      const scale = target.name === 'ours, shrunk' ? shrunk : 1;
      table[`${one.kilobytes} KB, ${one.rate}/s: ${target.name}`] = {
        'p50 ms': at(took, 0.5).toFixed(1),
        'p99 ms': at(took, 0.99).toFixed(1),
        'added p50': (at(took, 0.5) - at(straight, 0.5)).toFixed(1),
        'added p99': (at(took, 0.99) - at(straight, 0.99)).toFixed(1),
        'CPU ms a call': (usedMs / took.length).toFixed(1),
        failed,
        'RSS MB': residentMb(target.process?.pid),
        'KB sent': Math.round(bytes / calls / 1_000),
        'USD per 1000': usdPer1000(one.widthPx * scale, one.heightPx * scale),
      };
    }
  }
  console.table(table);
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
