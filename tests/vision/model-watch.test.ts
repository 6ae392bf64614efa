import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inLanguage } from '../../src/messages/text.ts';
import { readCatalogue, type VendorName } from '../../src/vision/catalogue/catalogue.ts';
import { openModelWatch } from '../../src/vision/catalogue/model-watch.ts';
import { targetOf } from '../../src/vision/catalogue/target.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { type FakeVendor, fakeVendors } from '../support/fake-vendors.ts';
import '../support/vendor-hosts.ts';

const catalogue = readCatalogue();
let fake: FakeLlm;
let logged: { level: number; msg: string }[];
let now: number;

beforeEach(() => {
  logged = [];
  now = Date.UTC(2026, 10, 26);
});
afterEach(() => fake.close());

async function watchOf(
  vendor: VendorName,
  model: string | undefined,
  rules: Partial<FakeVendor> = {},
  key = 'sk-test',
) {
  const there = fakeVendors[vendor];
  fake = await startFakeLlm({ vendor: { ...there, ...rules }, keys: ['sk-test'] });
  const { hostname, pathname } = new URL(there.baseUrl);
  const baseUrl = `http://${hostname}:${fake.port}${pathname}`;
  const target = targetOf(catalogue, { vendor, baseUrl, model });
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  return openModelWatch([{ name: 'first', apiKey: key, target }], { log, now: () => now });
}

const warnings = () => logged.filter(({ level }) => level >= 40).map(({ msg }) => msg);

describe('a model', () => {
  test.each<[VendorName, string | undefined]>([
    ['openai', undefined],
    ['dashscope', 'qwen3.8-flash'],
    ['anthropic', undefined],
    ['anthropic', 'claude-haiku-4-5'],
    ['gemini', undefined],
    ['mistral', undefined],
    ['zhipu', undefined],
    ['siliconflow', undefined],
    ['openrouter', undefined],
    ['ollama', undefined],
    ['ollama', 'moondream'],
    ['vllm', undefined],
  ])('that %s lists is in order: %s', async (vendor, model) => {
    const watch = await watchOf(vendor, model);
    await watch.check();
    expect(watch.worst()).toBeUndefined();
    expect(logged).toEqual([]);
  });

  test.each<VendorName>([
    'openai',
    'dashscope',
    'anthropic',
    'gemini',
    'mistral',
    'openrouter',
    'ollama',
    'vllm',
  ])('that %s does not list is said to be unknown', async (vendor) => {
    const watch = await watchOf(vendor, 'no-such-model');
    expect(watch.worst()).toBeUndefined();
    await watch.check();
    expect(watch.stateOf('first')).toEqual({ warning: 'unknown' });
    expect(warnings()).toEqual(['LLM first: no-such-model is not among the models that its vendor lists']);
  });

  test('whose last day is past counts as gone without a request', async () => {
    const watch = await watchOf('dashscope', 'qwen3-vl-flash');
    expect(watch.stateOf('first')).toEqual({ warning: 'shut_down', shutdown: '2026-10-10', daysLeft: -47 });
    expect(watch.notices().map((one) => inLanguage('en', one))).toEqual([
      'LLM first: qwen3-vl-flash was shut down on 2026-10-10; its successor is qwen3.7-flash',
    ]);
    expect(fake.requestCount).toBe(0);
  });

  test('is warned of from 60 days before its last one, as the clock moves on', async () => {
    const watch = await watchOf('gemini', 'gemini-3.1-flash-lite', {
      listed: [{ id: 'gemini-3.1-flash-lite' }],
    });
    await watch.check();
    const warningOn = (day: string) => {
      now = Date.parse(day);
      return watch.worst();
    };
    expect(warningOn('2027-03-07')).toBeUndefined();
    expect(warningOn('2027-03-08')).toBe('shuts_down_soon');
    expect(warningOn('2027-05-06')).toBe('shuts_down_soon');
    expect(warningOn('2027-05-07')).toBe('shut_down');
  });
});

describe("a vendor's own word", () => {
  test('on the last day counts, be it earlier, later or never', async () => {
    const lists = (day: string | null) => ({ listed: [{ id: 'gpt-4.1-mini', shutdown_date: day }] });
    for (const [day, state] of [
      ['2026-12-24', { warning: 'shuts_down_soon', shutdown: '2026-12-24', daysLeft: 28 }],
      ['2027-06-01', { shutdown: '2027-06-01', daysLeft: 187 }],
      [null, {}],
    ] as const) {
      const watch = await watchOf('openai', 'gpt-4.1-mini', lists(day));
      expect(watch.worst()).toBe('shuts_down_soon');
      await watch.check();
      expect(watch.stateOf('first')).toEqual(state);
      await fake.close();
    }
  });

  test('on an alias counts, not that on a snapshot of it', async () => {
    const listed = [
      { id: 'gpt-6-luna-2026-09-22', shutdown_date: '2026-12-01' },
      { id: 'gpt-6-luna', shutdown_date: null },
    ];
    const watch = await watchOf('openai', 'gpt-6-luna', { listed });
    await watch.check();
    expect(watch.stateOf('first')).toEqual({});
  });

  test("is OpenRouter's under another name", async () => {
    const listed = [{ id: 'qwen/qwen3.7-flash', expiration_date: '2026-12-01' }];
    const watch = await watchOf('openrouter', undefined, { listed });
    await watch.check();
    expect(watch.stateOf('first')).toMatchObject({ warning: 'shuts_down_soon', daysLeft: 5 });
  });

  test('that can not be had, or came in part, changes nothing', async () => {
    const refused = await watchOf('openai', 'no-such-model', {}, 'sk-wrong');
    await refused.check();
    expect(refused.worst()).toBeUndefined();
    expect(logged).toMatchObject([{ level: 30, provider: 'first' }]);
    await fake.close();
    await refused.check();
    expect(refused.worst()).toBeUndefined();
    const part = await watchOf('anthropic', 'no-such-model', { isListCut: true });
    await part.check();
    expect(part.worst()).toBeUndefined();
  });

  test('is not asked for where the vendor keeps no list, or the host is unknown', async () => {
    const watch = await watchOf('doubao', undefined);
    await watch.check();
    const target = targetOf(catalogue, { vendor: 'openai', baseUrl: fake.baseUrl, model: 'eyes' });
    await openModelWatch([{ name: 'own', apiKey: 'sk-test', target }], {
      log: pino({ level: 'silent' }),
    }).check();
    expect(fake.requestCount).toBe(0);
  });

  test('is asked for again by the day, and what it warns of is said again', async () => {
    const watch = await watchOf('openai', 'no-such-model');
    await watch.check();
    await watch.check();
    expect(warnings()).toHaveLength(2);
  });
});

test('the gravest warning of several models counts', async () => {
  await watchOf('openai', undefined);
  const models = ['gpt-5', 'gpt-4.1-nano', 'gpt-6-luna'].map((model) => ({
    name: model,
    apiKey: 'sk-test',
    target: targetOf(catalogue, { vendor: 'openai', baseUrl: undefined, model }),
  }));
  const watch = openModelWatch(models, { log: pino({ level: 'silent' }), now: () => now });
  expect(watch.worst()).toBe('shut_down');
  expect(watch.notices().map((one) => inLanguage('en', one))).toEqual([
    'LLM gpt-5: gpt-5 will be shut down on 2026-12-11, in 15 days; its successor is gpt-6-luna',
    'LLM gpt-4.1-nano: gpt-4.1-nano was shut down on 2026-10-23; its successor is gpt-6-luna',
  ]);
});
