import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inLanguage } from '../../src/messages/text.ts';
import { get, startApp } from '../support/app.ts';
import { dayIn, writeCatalogue } from '../support/catalogue-file.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakeVendors } from '../support/fake-vendors.ts';
import { spawnService } from '../support/service-process.ts';
import '../support/vendor-hosts.ts';

const here = pathToFileURL(join(import.meta.dirname, '../support/vendor-hosts.ts')).href;
let folder: string;
let fakes: FakeLlm[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-models-'));
  fakes = [];
});
afterEach(async () => {
  await Promise.all(fakes.map((fake) => fake.close()));
  rmSync(folder, { recursive: true });
});

async function fakeAt(vendor: 'openai' | 'dashscope' | 'gemini'): Promise<string> {
  const fake = await startFakeLlm({ vendor: fakeVendors[vendor] });
  fakes.push(fake);
  const { hostname, pathname } = new URL(fakeVendors[vendor].baseUrl);
  return `http://${hostname}:${fake.port}${pathname}`;
}

/** One model that is gone, one that ends soon, one that its vendor does not know, one in order. */
async function environment(): Promise<Record<string, string>> {
  const file = join(folder, 'catalogue.json');
  writeCatalogue(file, { dashscope: { 'qwen3-vl-flash': -47 }, gemini: { 'gemini-3.1-flash-lite': 49 } });
  return {
    LLM_PRICE_FILE: file,
    LLM_RATES: 'USD:7.1',
    LLM_PROVIDERS: 'gone, ending, unknown, fine',
    LLM_GONE_PROVIDER: 'dashscope',
    LLM_GONE_BASE_URL: await fakeAt('dashscope'),
    LLM_GONE_MODEL: 'qwen3-vl-flash',
    LLM_ENDING_PROVIDER: 'gemini',
    LLM_ENDING_API_KEY: 'sk-test',
    // No server answers there: the catalogue's day counts.
    LLM_ENDING_BASE_URL: 'http://generativelanguage.googleapis.com:9/v1beta/openai',
    LLM_ENDING_MODEL: 'gemini-3.1-flash-lite',
    LLM_UNKNOWN_PROVIDER: 'openai',
    LLM_UNKNOWN_BASE_URL: await fakeAt('openai'),
    LLM_UNKNOWN_MODEL: 'gpt-7-nova',
    LLM_FINE_PROVIDER: 'openai',
    LLM_FINE_BASE_URL: await fakeAt('openai'),
  };
}

const notices = [
  `LLM gone: qwen3-vl-flash was shut down on ${dayIn(-47)}; its successor is qwen3.7-flash`,
  `LLM ending: gemini-3.1-flash-lite will be shut down on ${dayIn(49)}, in 49 days; its successor is gemini-3.5-flash-lite`,
  'LLM unknown: gpt-7-nova is not among the models that its vendor lists',
];

test('health and metrics say what is wrong with the models', async () => {
  const app = await startApp(await environment());
  const told = (await app.services.modelNotices()).map((notice) => inLanguage('en', notice));
  expect(told).toEqual(notices);
  const { body } = await get(`${app.url}/api/v1/health`);
  expect(body).toMatchObject({ status: 'healthy', llm_model: 'shut_down' });
  expect(JSON.stringify(body)).not.toContain('qwen');
  const { body: metrics } = await get(`${app.url}/metrics`);
  expect(metrics.match(/^album_llm_model_\w+\{.*$/gm)).toEqual([
    'album_llm_model_days_until_shutdown{provider="gone",model="qwen3-vl-flash"} -47',
    'album_llm_model_days_until_shutdown{provider="ending",model="gemini-3.1-flash-lite"} 49',
    'album_llm_model_warning{provider="gone",model="qwen3-vl-flash",warning="shut_down"} 1',
    'album_llm_model_warning{provider="ending",model="gemini-3.1-flash-lite",warning="shuts_down_soon"} 1',
    'album_llm_model_warning{provider="unknown",model="gpt-7-nova",warning="unknown"} 1',
  ]);
  await app.close();
});

test('the banner and the log say it at the start, which does not wait', async () => {
  const service = await spawnService({ ...(await environment()), NODE_OPTIONS: `--import=${here}` });
  await service.ready();
  await expect.poll(() => service.output(), { timeout: 10_000 }).toContain('Attention');
  const lines = service
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  const logged = lines.map((line) => JSON.parse(line) as { level: number; msg: string });
  const banner = logged.find(({ msg }) => msg.startsWith('album-classifier'))?.msg;
  for (const notice of notices) {
    expect(banner).toContain(`Attention: ${notice}`);
    expect(logged).toContainEqual(expect.objectContaining({ level: 40, msg: notice }));
  }
});

test('a service without an LLM, or with a model in order, says nothing of it', async () => {
  for (const environment of [{}, { LLM_BASE_URL: await fakeAt('openai') }]) {
    const app = await startApp(environment);
    expect(await app.services.modelNotices()).toEqual([]);
    expect((await get(`${app.url}/api/v1/health`)).body).not.toHaveProperty('llm_model');
    await app.close();
  }
});

test('a vendor that never says which models it has holds nothing up', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const app = await startApp({ LLM_BASE_URL: `http://api.openai.com:${port}/v1` });
  expect((await get(`${app.url}/health/ready`)).status).toBe(200);
  expect(await app.services.modelNotices()).toEqual([]);
  await app.close();
  silent.closeAllConnections();
  silent.close();
});

test('a start with prices in two currencies is refused until it has a rate', async () => {
  const { LLM_RATES: _, ...withoutRates } = await environment();
  await expect(startApp(withoutRates)).rejects.toThrow(
    'sums and budgets are in CNY, and a provider is paid in USD: set LLM_RATES=USD:<what 1 USD is in CNY>',
  );
});
