import { pino } from 'pino';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import type { ProviderOptions } from '../../src/vision/calls/open-providers.ts';
import { type VendorName, vendorNames } from '../../src/vision/catalogue/catalogue.ts';
import { openVision } from '../../src/vision/open-vision.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { type FakeVendor, fakeVendors } from '../support/fake-vendors.ts';
import '../support/vendor-hosts.ts';
import { llmOptions, memoryLedger, memoryRefusals, prompt, taxonomy } from '../support/vision.ts';

let jpeg: Buffer;
let fake: FakeLlm;
let logged: Record<string, unknown>[];

beforeAll(async () => {
  jpeg = await sharp({ create: { width: 512, height: 384, channels: 3, background: '#963' } })
    .jpeg()
    .toBuffer();
});

afterEach(() => fake.close());

interface Asked extends Partial<ProviderOptions> {
  /** At whose door; the named vendor's, where absent. */
  readonly at?: VendorName | FakeVendor;
  readonly maxTokens?: number;
}

/** A vision LLM as the configuration would name it, in front of a fake that keeps the vendor's rules. */
async function vision(vendor: VendorName, { at = vendor, maxTokens = 300, ...options }: Asked = {}) {
  const rules = typeof at === 'string' ? fakeVendors[at] : at;
  fake = await startFakeLlm({ vendor: rules, keys: ['sk-test'] });
  logged = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const there = new URL(rules.baseUrl);
  const baseUrl = `http://${there.hostname}:${fake.port}${there.pathname}`;
  const llm = llmOptions(baseUrl);
  const provider = {
    ...(llm.providers[0] as ProviderOptions),
    ...{ vendor, model: undefined, priceInput: undefined, priceOutput: undefined },
    ...options,
  };
  const parts = {
    taxonomy,
    prompt,
    timeZone: 'UTC',
    ledger: memoryLedger(),
    refusals: memoryRefusals(),
    log,
  };
  const { classifier, state } = openVision(
    { ...llm, maxTokens, providers: [provider] },
    { ...parts, hooks: {} },
  );
  let photos = 0;
  const classify = () => {
    const context = { deadline: deadlineIn(10_000), signal: new AbortController().signal };
    const photo = fakePhoto(Buffer.concat([jpeg, Buffer.from(`#${photos++}`)]));
    return classifier.classify(photo, { ...context, lane: 'single' });
  };
  return { classify, state };
}

/** What 1,000,000 tokens cost by the vendors' price lists, reckoned for 250 tokens of text, the picture, and 30. */
test.each<[VendorName, ProviderOptions['model'], number, string]>([
  ['openai', 'gpt-6-luna', (250 + 230) * 0.1 + 30 * 0.5, 'USD'],
  ['dashscope', 'qwen3.7-flash', (250 + 194) * 0.2 + 30 * 0.8, 'CNY'],
  ['anthropic', 'claude-haiku-5-5', (325 + 266) * 0.1 + 39 * 0.5, 'USD'],
  ['gemini', 'gemini-3.5-flash-lite', (250 + 560) * 0.3 + 30 * 2.5, 'USD'],
  ['mistral', 'ministral-3b-2512', (250 + 266) * 0.1 + 30 * 0.1, 'USD'],
  ['zhipu', 'glm-4.6v-flashx', (250 + 400) * 0.04 + 30 * 0.4, 'USD'],
  ['doubao', 'doubao-seed-2-0-mini-260428', (250 + 400) * 0.2 + 30 * 2, 'CNY'],
  ['siliconflow', 'Qwen/Qwen3-VL-8B-Instruct', (250 + 194) * 0.18 + 30 * 0.68, 'USD'],
  ['openrouter', 'qwen/qwen3.7-flash', (250 + 194) * 0.03 + 30 * 0.13, 'USD'],
  ['ollama', 'qwen3-vl:8b', 0, 'USD'],
  ['vllm', 'Qwen/Qwen3-VL-4B-Instruct', 0, 'USD'],
])('%s: one call of %s, a valid answer, the right price', async (vendor, model, micro, currency) => {
  const { classify, state } = await vision(vendor);
  const answer = await classify();
  expect(answer.classification).toMatchObject({ category: 'pets', method: 'llm', model });
  expect(fake.requestCount).toBe(1);
  expect(answer.costMicro).toBe(Math.ceil(micro));
  expect(state().currency).toBe(currency);
  expect(logged).toEqual([]);
});

test('every preset has a row above', () => {
  expect(Object.keys(fakeVendors)).toEqual([...vendorNames]);
});

describe.each(vendorNames)('what %s does not take', (vendor) => {
  test('is left out of the same call and of all that follow, and said once', async () => {
    const { classify } = await vision(vendor, { extraBody: { made_up: 1, also_unknown: { a: 1 } } });
    const answers = await Promise.all([classify(), classify()]);
    const [first, second] = answers.map(({ classification }) => classification);
    expect([first, second]).toMatchObject([{ method: 'llm' }, { method: 'llm' }]);
    const before = fake.requestCount;
    await classify();
    expect(fake.requestCount).toBe(before + 1);
    expect(logged.map(({ field }) => field)).toEqual(['made_up', 'also_unknown']);
  });
});

test('a model that takes no effort is asked without it, though the catalogue does not know the model', async () => {
  const { classify } = await vision('openai', { model: 'gpt-4-next', priceInput: 1 });
  expect((await classify()).classification.method).toBe('llm');
  expect(fake.calls.at(-1)?.body).not.toHaveProperty('reasoning_effort');
});

test('a model that refuses to stop thinking thinks little, with room for it', async () => {
  const { classify } = await vision('anthropic');
  const strict = fakeVendors.anthropic;
  await fake.close();
  fake = await startFakeLlm({
    port: fake.port,
    vendor: { ...strict, takes: strict.takes.filter((field) => field !== 'thinking') },
  });
  expect((await classify()).classification.method).toBe('llm');
  expect(fake.calls.at(-1)?.body).toMatchObject({ output_config: { effort: 'low' }, max_tokens: 2_000 });
});

test("a DashScope host gets DashScope's fields whatever vendor is named", async () => {
  const { classify } = await vision('openai', { at: 'dashscope', model: 'qwen3.8-flash' });
  expect((await classify()).costMicro).toBe(Math.ceil((250 + 194) * 0.8 + 30 * 2.7));
  expect(fake.calls[0]?.body).toMatchObject({
    enable_thinking: false,
    max_tokens: 300,
    response_format: { type: 'json_object' },
  });
});

test('an unknown host gets what every server understands, at an address with its path and a slash', async () => {
  const { classify } = await vision('openai', { at: 'vllm', model: 'some-model' });
  fake.behave({ content: { category: 'pets', confidence: 0.9 } });
  await classify().catch(() => {});
  expect(Object.keys(fake.calls[0]?.body ?? {}).sort()).toEqual([
    'max_tokens',
    'messages',
    'model',
    'stream',
  ]);
  expect(fake.calls[0]?.body.stream).toBe(false);
});

test("the operator's fields win, and null takes one out", async () => {
  const extraBody = {
    reasoning_effort: null,
    service_tier: 'flex',
    response_format: { type: 'json_object' },
  };
  const { classify } = await vision('openai', { extraBody, model: 'gpt-4.1-mini' });
  await classify();
  expect(fake.calls[0]?.body).toMatchObject({
    service_tier: 'flex',
    response_format: { type: 'json_object' },
  });
  expect(fake.calls[0]?.body).not.toHaveProperty('reasoning_effort');
});

test('the flex tier is paid at its own price', async () => {
  const { classify } = await vision('openai', { extraBody: { service_tier: 'flex' } });
  expect((await classify()).costMicro).toBe(Math.ceil((250 + 230) * 0.05 + 30 * 0.25));
});

test('a request that is refused with and without a field keeps it', async () => {
  const { classify } = await vision('dashscope');
  const complaint = { error: { code: 'invalid_parameter_error', message: 'enable_thinking, or the photo?' } };
  fake.behave({ status: 400, body: complaint });
  await expect(classify()).rejects.toThrow();
  fake.behave({ content: { category: 'pets', confidence: 0.9 } });
  expect((await classify()).classification.method).toBe('llm');
  expect(fake.calls.map(({ body }) => body.enable_thinking)).toEqual([false, undefined, false]);
});

test.each([
  [300, 2_000],
  [4_000, 4_000],
])('of %i tokens to a model that can not but think it gets %i', async (maxTokens, sent) => {
  const { classify } = await vision('anthropic', { model: 'claude-sonnet-5-5', maxTokens });
  expect((await classify()).classification.method).toBe('llm');
  expect(fake.calls[0]?.body).toMatchObject({ max_tokens: sent, output_config: { effort: 'low' } });
});
