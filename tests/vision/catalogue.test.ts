import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerVariables } from '../../src/config/llm-variables.ts';
import { inLanguage } from '../../src/messages/text.ts';
import { openProviders, type ProviderOptions } from '../../src/vision/calls/open-providers.ts';
import { convertedPrice, imageTokens, typicalCostMicro, typicalUsage } from '../../src/vision/calls/price.ts';
import { readCatalogue, type VendorName, vendorNames } from '../../src/vision/catalogue/catalogue.ts';
import { daysUntil } from '../../src/vision/catalogue/model-list.ts';
import { endpointOf, targetOf } from '../../src/vision/catalogue/target.ts';
import { llmOptions } from '../support/vision.ts';

const catalogue = readCatalogue();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-catalogue-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: unknown): string {
  const file = join(folder, 'models.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

function at(vendor: VendorName, baseUrl?: string, model?: string) {
  return targetOf(catalogue, { vendor, baseUrl, model });
}

describe('the built-in catalogue', () => {
  test('has the vendors that the configuration can name', () => {
    expect(inLanguage('en', providerVariables.PROVIDER.range).split(' | ')).toEqual([...vendorNames]);
    expect(Object.keys(catalogue.vendors)).toEqual([...vendorNames]);
  });

  test.each(vendorNames)('has a default for %s that is not about to end and has a price', (vendor) => {
    const target = at(vendor, vendor === 'vllm' ? 'http://gpu:8000/v1' : undefined);
    expect(target.shutdown).toBeUndefined();
    expect(target.price).toBeDefined();
  });

  test('says where and when each price was read', () => {
    for (const { models } of Object.values(catalogue.vendors))
      for (const { prices = {} } of Object.values(models))
        for (const { source } of Object.values(prices)) expect(source.length).toBeGreaterThan(3);
  });
});

type Entry = Record<string, unknown>;

test.each<[string, (file: { vendors: Record<string, Entry> }) => void]>([
  [
    'vendors.openai.wire must be one of openai, anthropic',
    ({ vendors }) => (vendors.openai = { ...vendors.openai, wire: 'grpc' }),
  ],
  ['vendors.openai.defaultModel is missing', ({ vendors }) => delete vendors.openai?.defaultModel],
  ['vendors.vllm is missing', ({ vendors }) => delete vendors.vllm],
  ['vendors.acme is not a known field', ({ vendors }) => (vendors.acme = {})],
  [
    'models.m.shutdwon is not a known field',
    ({ vendors }) => (vendors.openai = { ...vendors.openai, models: { m: { shutdwon: '2027-01-01' } } }),
  ],
  [
    'models.m.shutdown must match format "date"',
    ({ vendors }) => (vendors.openai = { ...vendors.openai, models: { m: { shutdown: '14 January' } } }),
  ],
  [
    'models.m.prices.mars: no such site',
    ({ vendors }) => {
      const price = { currency: 'USD', input: 1, output: 1, date: '2026-11-26', source: 'a page' };
      vendors.openai = { ...vendors.openai, models: { m: { prices: { mars: price } } } };
    },
  ],
  [
    'prices.global.input must be >= 0',
    ({ vendors }) => {
      const price = { currency: 'USD', input: -1, output: 1, date: '2026-11-26', source: 'a page' };
      vendors.openai = { ...vendors.openai, models: { m: { prices: { global: price } } } };
    },
  ],
])('a catalogue in which %s is refused with these words', (words, spoil) => {
  const file = JSON.parse(readFileSync('src/vision/catalogue/catalogue.json', 'utf8'));
  spoil(file);
  expect(() => readCatalogue(fileOf(file))).toThrow(words);
});

describe('a price file of the older form', () => {
  test('gives the prices, and nothing else, of all models', () => {
    const models = { 'gpt-6-luna': { input: 7, output: 8 } };
    const own = readCatalogue(fileOf({ currency: 'EUR', models }));
    const target = targetOf(own, { vendor: 'openai', baseUrl: undefined, model: 'gpt-6-luna-2026-09-22' });
    expect(target).toMatchObject({ price: { input: 7, output: 8 }, currency: 'EUR', wire: 'openai' });
    expect(
      targetOf(own, { vendor: 'anthropic', baseUrl: undefined, model: undefined }).price,
    ).toBeUndefined();
  });

  test.each([
    [{ currency: 'EUR' }, 'prices.models is missing'],
    [{ currency: 'euro', models: {} }, 'prices.currency must match pattern'],
    [{ currency: 'EUR', models: { m: { input: 1 } } }, 'prices.models.m.output is missing'],
    [[], 'prices must be object'],
    [{ vendors: {} }, 'catalogue.vendors.openai is missing'],
  ])('%j is refused', (content, words) => {
    expect(() => readCatalogue(fileOf(content))).toThrow(words);
  });
});

test('a price file that is not there, or no JSON, is named by its variable', () => {
  expect(() => readCatalogue(join(folder, 'none.json'))).toThrow(/^LLM_PRICE_FILE: ENOENT/);
  writeFileSync(join(folder, 'words.json'), 'prices');
  expect(() => readCatalogue(join(folder, 'words.json'))).toThrow(/^LLM_PRICE_FILE: .*JSON/);
});

test.each([
  ['http://gpu:8000/v1', 'http://gpu:8000/v1/models'],
  ['http://gpu:8000/v1/', 'http://gpu:8000/v1/models'],
  ['http://gpu:8000/v1/chat/completions?version=2', 'http://gpu:8000/v1/models?version=2'],
  ['http://gpu:8000/v1/?version=2', 'http://gpu:8000/v1/models?version=2'],
])('below %s models are listed at %s', (address, list) => {
  expect(endpointOf(at('vllm', address).baseUrl, 'models')).toBe(list);
});

describe('what is sent', () => {
  const plain = { structuredOutput: 'none', maxTokensField: 'max_tokens', body: {} };

  test.each<[VendorName, string | undefined, VendorName, string | undefined]>([
    ['openai', undefined, 'openai', 'USD'],
    ['openai', 'https://dashscope.aliyuncs.com/compatible-mode/v1', 'dashscope', 'CNY'],
    ['openai', 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1/', 'dashscope', 'USD'],
    ['openai', 'https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1', 'dashscope', 'CNY'],
    ['anthropic', 'https://ws-1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1', 'dashscope', 'USD'],
    ['openai', 'https://other.aliyuncs.com/compatible-mode/v1', 'dashscope', undefined],
    ['dashscope', 'https://api.openai.com/v1', 'openai', 'USD'],
    ['openai', 'https://api.anthropic.com/v1/messages', 'anthropic', 'USD'],
    ['openai', 'https://generativelanguage.googleapis.com/v1beta/openai/', 'gemini', 'USD'],
    ['openai', 'https://API.Mistral.AI/v1/chat/completions', 'mistral', 'USD'],
    ['openai', 'https://api.z.ai/api/paas/v4/chat/completions/', 'zhipu', 'USD'],
    ['openai', 'https://ark.cn-beijing.volces.com/api/v3', 'doubao', 'CNY'],
    ['openai', 'https://api.siliconflow.cn/v1', 'siliconflow', 'USD'],
    ['openai', 'https://openrouter.ai/api/v1', 'openrouter', 'USD'],
  ])('by %s to %s follows the rules of %s', (vendor, baseUrl, ruling, currency) => {
    const target = at(vendor, baseUrl);
    expect(target).toMatchObject({ vendor: ruling });
    expect(target.currency).toBe(currency);
    if (vendor === 'anthropic') return expect(target.request).toEqual(plain);
    const { request, models, defaultModel } = catalogue.vendors[ruling];
    const own = models[defaultModel]?.request?.body;
    expect(target.request).toMatchObject({ ...request, body: { ...request.body, ...own } });
    expect(target.baseUrl).not.toMatch(/\/$|completions|messages/);
  });

  test.each(['http://127.0.0.1:4000/v1', 'http://localhost:11434/v1', 'https://aliyuncs.com.example/v1'])(
    'to %s is what every server understands, whatever vendor is named',
    (baseUrl) => {
      for (const vendor of vendorNames.filter((one) => one !== 'ollama' && one !== 'vllm'))
        expect(at(vendor, baseUrl)).toMatchObject({ request: plain, vendor });
    },
  );

  test("to the operator's own server follows the kind of server that is named", () => {
    expect(at('ollama', 'http://gpu:11434/v1').request.body).toEqual({ reasoning_effort: 'none' });
    expect(at('vllm', 'http://gpu:8000/v1').request.body).toHaveProperty('chat_template_kwargs');
    expect(() => at('vllm')).toThrow('LLM_BASE_URL');
  });

  test('to a model differs where the catalogue says so, for its dated names too', () => {
    expect(at('openai').request.body).toEqual({ reasoning_effort: 'none' });
    expect(at('openai', undefined, 'gpt-5-nano-2025-08-07').request.body).toEqual({
      reasoning_effort: 'minimal',
    });
    expect(at('openai', undefined, 'gpt-4.1-mini').request.body).toEqual({ reasoning_effort: null });
  });
});

describe('money', () => {
  test('is counted at the site that is asked, and behind a gateway as its upstream does', () => {
    const flash = 'qwen3.7-flash';
    expect(at('dashscope').price).toMatchObject({ input: 0.2, cachedInput: 0.04, output: 0.8 });
    expect(at('dashscope', 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1').price).toMatchObject({
      input: 0.03,
      output: 0.13,
    });
    expect(at('dashscope', 'https://dashscope-us.aliyuncs.com/compatible-mode/v1').price).toBeUndefined();
    expect(at('openai', 'http://gateway/v1', flash)).toMatchObject({
      currency: 'CNY',
      price: { input: 0.2 },
    });
    expect(at('openai', 'http://gateway/v1', 'unknown-1').price).toBeUndefined();
  });

  test('of another currency needs a rate, unless nothing is paid', () => {
    const price = { input: 10, cachedInput: 5, output: 20 };
    expect(convertedPrice(price, { from: 'CNY', to: 'USD', rates: { CNY: 0.5 } })).toEqual({
      input: 5,
      cachedInput: 2.5,
      output: 10,
    });
    expect(() => convertedPrice(price, { from: 'CNY', to: 'USD', rates: {} })).toThrow('LLM_RATES=CNY:');
    const free = { input: 0, output: 0 };
    expect(convertedPrice(free, { from: 'CNY', to: 'USD', rates: {} })).toBe(free);
  });
});

describe('the currency of all sums', () => {
  function opened(
    providers: readonly (Partial<ProviderOptions> & { vendor: VendorName })[],
    options: { rates?: Record<string, number>; costPerCall?: number } = {},
  ) {
    const [plain] = llmOptions('').providers as [ProviderOptions];
    const unset = { baseUrl: undefined, model: undefined, priceInput: undefined, priceOutput: undefined };
    const llm = llmOptions('', {
      ...options,
      providers: providers.map((one) => ({ ...plain, ...unset, name: one.vendor, ...one })),
    });
    const { currency, ...open } = openProviders(llm, { catalogue, log: pino({ level: 'silent' }) });
    return { currency, prices: open.providers.map(({ price }) => price) };
  }

  test("is the first provider's, at the operator's rate for the others", () => {
    const { currency, prices } = opened([{ vendor: 'openai' }, { vendor: 'dashscope' }], {
      rates: { CNY: 0.14 },
    });
    expect(currency).toBe('USD');
    expect(prices).toMatchObject([{ input: 0.1 }, { input: 0.2 * 0.14, cachedInput: 0.04 * 0.14 }]);
    expect(() => opened([{ vendor: 'dashscope' }, { vendor: 'openai' }])).toThrow('LLM_RATES=USD:');
  });

  test('is not decided by a server that costs nothing', () => {
    expect(opened([{ vendor: 'ollama' }, { vendor: 'dashscope' }]).currency).toBe('CNY');
    expect(opened([{ vendor: 'dashscope' }, { vendor: 'ollama' }]).prices[1]).toMatchObject({ input: 0 });
    expect(opened([{ vendor: 'ollama' }]).currency).toBe('USD');
  });

  test('is USD where the first is priced by the operator at an unknown host', () => {
    const first = { vendor: 'openai', baseUrl: 'http://gateway/v1', model: 'm', priceInput: 1 } as const;
    expect(opened([first]).currency).toBe('USD');
    expect(() => opened([first, { vendor: 'dashscope' }])).toThrow('LLM_RATES=CNY:');
  });

  test('needs no rate where all calls cost the same, or prices are set', () => {
    const { currency, prices } = opened([{ vendor: 'dashscope' }, { vendor: 'openai' }], {
      costPerCall: 0.01,
    });
    expect([currency, prices]).toEqual(['CNY', [{ call: 0.01 }, { call: 0.01 }]]);
    expect(
      opened([{ vendor: 'dashscope' }, { vendor: 'openai', priceInput: 0.7, priceOutput: 3.6 }]).prices[1],
    ).toMatchObject({ input: 0.7, output: 3.6 });
  });

  test('what is reserved for a call before any follows how its model counts pictures', () => {
    const [luna] = opened([{ vendor: 'openai' }]).prices;
    expect(luna && typicalCostMicro(luna)).toBe(Math.ceil((400 + 307) * 0.1 + 100 * 0.5));
    const [unknown] = opened([{ vendor: 'zhipu' }]).prices;
    expect(unknown && typicalCostMicro(unknown)).toBe(1_000 * 0.04 + 100 * 0.4);
  });
});

test.each<[VendorName, string | undefined, number, number, number]>([
  ['openai', undefined, 512, 384, 230],
  ['openai', undefined, 512, 512, 307],
  ['openai', undefined, 3_000, 3_000, 307],
  ['openai', 'gpt-4.1-mini', 512, 384, 311],
  ['dashscope', undefined, 512, 384, 194],
  ['dashscope', undefined, 512, 512, 258],
  ['anthropic', undefined, 512, 384, 266],
  ['anthropic', undefined, 512, 512, 361],
  ['mistral', undefined, 512, 384, 266],
])('%s %s counts a picture of %i×%i as %i tokens', (vendor, model, width, height, tokens) => {
  const rule = at(vendor, undefined, model).imageTokens;
  expect(rule && imageTokens(rule, width, height)).toBe(tokens);
  expect(typicalUsage(rule, width).inputTokens).toBeGreaterThan(tokens);
});

test('the days until a shutdown are whole ones, and negative after it', () => {
  const now = Date.UTC(2026, 10, 26, 22);
  expect(daysUntil('2027-01-14', now)).toBe(49);
  expect(daysUntil('2026-11-27', now)).toBe(1);
  expect(daysUntil('2026-11-26', now)).toBe(0);
  expect(daysUntil('2026-10-10', now)).toBe(-47);
});
