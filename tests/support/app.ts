import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { configFrom } from '../../src/config.ts';
import { openOpsToken } from '../../src/process/ops-token.ts';
import { buildServer } from '../../src/server.ts';
import { openServices } from '../../src/services.ts';
import { showBuild } from '../../src/stats/metrics/metrics.ts';

export const samples = {
  'astronaut.jpg': 'single_person',
  'cat.jpg': 'pets',
  'coffee.jpg': 'foods',
  'pagoda.jpg': 'travel_scenery',
  'flower.jpg': 'other',
  'screenshot.jpg': 'screenshot',
  'bank-card.jpg': 'idcard',
  'qr-poster.jpg': 'qrcode',
} as const;

export type Sample = keyof typeof samples;

export function sampleBytes(name: Sample): Buffer<ArrayBuffer> {
  return Buffer.from(readFileSync(join('docs/samples', name)));
}

/** The whole service on a free loopback port: SQLite in a folder of its own unless the environment says otherwise. */
export async function startApp(
  environment: Record<string, string> = {},
  log = pino({ level: environment.LOG_LEVEL ?? 'silent' }),
) {
  const folder = mkdtempSync(join(tmpdir(), 'album-classifier-'));
  const config = configFrom({
    SQLITE_FILE: join(folder, 'album.db'),
    HIT_RECORDS: 'all',
    INFERENCE_PROCESSES: '1',
    APP_HOST: '127.0.0.1',
    ...environment,
  });
  const services = openServices(config, log);
  showBuild(services.metrics.registry, { version: 'test', commit: config.commit });
  const app = await buildServer(services, {
    version: 'test',
    commit: config.commit,
    trustProxy: config.http.trustProxy,
    origins: config.http.origins,
    opsRule: openOpsToken(config).rule,
  });
  await services.ready();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    app,
    services,
    async close() {
      services.stopTaking();
      await app.close();
      await services.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export interface FormPart {
  readonly name: string;
  readonly value: string | Uint8Array<ArrayBuffer>;
  readonly filename?: string;
  readonly type?: string;
}

export function formOf(parts: readonly FormPart[]): FormData {
  const form = new FormData();
  for (const { name, value, filename, type = 'image/jpeg' } of parts)
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([value], { type }), filename ?? 'photo.jpg');
  return form;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any shape and asserts it
  readonly body: any;
}

export async function post(
  url: string,
  body: FormData | object,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const isForm = body instanceof FormData;
  const response = await fetch(url, {
    method: 'POST',
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? headers : { 'content-type': 'application/json', ...headers },
  });
  return replyOf(response);
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<Reply> {
  return replyOf(await fetch(url, { headers }));
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') && !text.includes('}\n{');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
