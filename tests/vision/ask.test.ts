import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClassifyContext } from '../../src/classify/classifier.ts';
import { VisionError } from '../../src/errors.ts';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { RetryBudget } from '../../src/resilience/retry-budget.ts';
import type { CallFailure } from '../../src/vision/calls/call-failure.ts';
import type { VisionCallReport } from '../../src/vision/calls/call-report.ts';
import { openProviders } from '../../src/vision/calls/open-providers.ts';
import { openSpending } from '../../src/vision/calls/spending.ts';
import { readCatalogue } from '../../src/vision/catalogue/catalogue.ts';
import { type VisionClassifierOptions, visionClassifier } from '../../src/vision/vision-classifier.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import type { FakeBehaviour } from '../support/fake-llm-behaviour.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { vendorErrors } from '../support/vendor-errors.ts';
import {
  llmOptions,
  memoryLedger,
  memoryRefusals,
  prompt,
  providerAt,
  refusalMemory,
  visionOptions,
} from '../support/vision.ts';

const photo = fakePhoto(readFileSync('docs/samples/cat.jpg'));
const good: FakeBehaviour = { content: { category: 'pets', confidence: 0.93 } };
const { openai, dashscope } = vendorErrors;

let first: FakeLlm;
let second: FakeLlm;
let reports: VisionCallReport[];
let alerts: string[];

beforeEach(async () => {
  [first, second] = await Promise.all([startFakeLlm(), startFakeLlm()]);
  reports = [];
  alerts = [];
});

afterEach(() => Promise.all([first.close(), second.close()]));

function provider(fake: FakeLlm, name: string, options: Partial<Parameters<typeof providerAt>[0]> = {}) {
  return providerAt({ baseUrl: fake.baseUrl, name, ...options });
}

function vision(options: Partial<VisionClassifierOptions> = {}) {
  const providers = [provider(first, 'first')];
  const hooks = {
    onCall: (report: VisionCallReport) => reports.push(report),
    onAlert: ({ provider: name, reason }: { provider: string; reason: string }) =>
      alerts.push(`${name}: ${reason}`),
  };
  return visionClassifier(visionOptions(providers, { hooks, ...options }));
}

function context(options: Partial<ClassifyContext> = {}): ClassifyContext {
  return { deadline: deadlineIn(10_000), signal: new AbortController().signal, lane: 'single', ...options };
}

/** Those behaviours one after another, then a good answer. */
function inTurn(...behaviours: FakeBehaviour[]) {
  let turn = 0;
  return () => behaviours[turn++] ?? good;
}

const both = () => [provider(first, 'first'), provider(second, 'second')];

describe('what may pass', () => {
  test.each<[string, FakeBehaviour]>([
    ['an overloaded server', openai.overloaded],
    ['a rate limit', openai.rate],
    ['a token limit', dashscope.allocation],
    ['a broken connection', { fault: 'reset' }],
  ])('%s is asked again', async (_, behaviour) => {
    first.behave(inTurn(behaviour, behaviour));
    const answer = await vision().classify(photo, context());
    expect(answer.classification.category).toBe('pets');
    expect(reports.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  test('so many tries, and no more', async () => {
    first.behave(openai.server);
    await expect(vision({ tries: 3 }).classify(photo, context())).rejects.toMatchObject({
      reason: 'server_error',
    });
    expect(first.requestCount).toBe(3);
  });

  test('another provider that is well is asked at once, without a pause', async () => {
    first.behave(openai.server);
    const slow = { baseMs: 60_000, capMs: 60_000, random: () => 1 };
    const answer = await vision({ providers: both(), backoff: slow }).classify(photo, context());
    expect(answer.classification.category).toBe('pets');
    expect([first.requestCount, second.requestCount]).toEqual([1, 1]);
  });

  test('a burst that is under way when a provider fails is answered by the next one, all of it', async () => {
    const open = first.hold();
    first.behave(openai.server);
    const asked = vision({
      providers: both(),
      retryBudget: new RetryBudget({ ratio: 0, floor: 0, windowMs: 60_000 }),
    });
    const answers = Promise.all(Array.from({ length: 8 }, () => asked.classify(photo, context())));
    await first.received(8);
    open();
    expect(await answers).toHaveLength(8);
    expect([first.requestCount, second.requestCount]).toEqual([8, 8]);
  });

  test('Retry-After is a floor under the pause', async () => {
    first.behave(inTurn({ ...openai.rate, headers: { 'retry-after-ms': '150' } }));
    const begin = performance.now();
    await vision().classify(photo, context());
    expect(performance.now() - begin).toBeGreaterThanOrEqual(149);
  });

  test('a wait that the deadline does not allow is not begun', async () => {
    first.behave({ ...openai.rate, headers: { 'retry-after': '30' } });
    const answer = vision().classify(photo, context({ deadline: deadlineIn(20_000) }));
    await expect(answer).rejects.toMatchObject({ reason: 'rate_limited' });
    expect(first.requestCount).toBe(1);
  });

  test('a vendor that asks for a long wait is left alone by other photos, too', async () => {
    const providers = [provider(first, 'first')];
    first.behave({ ...openai.rate, headers: { 'retry-after': '30' } });
    const asked = vision({ providers });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'rate_limited' });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'resting' });
    expect(first.requestCount).toBe(1);
  });

  test('retries are bounded by their budget, not by their number alone', async () => {
    first.behave(openai.server);
    const budget = new RetryBudget({ ratio: 0.1, floor: 10, windowMs: 60_000 });
    const asked = vision({ retryBudget: budget });
    const answers = Array.from({ length: 40 }, () => asked.classify(photo, context()).catch(() => 'failed'));
    expect(await Promise.all(answers)).toEqual(answers.map(() => 'failed'));
    expect(first.requestCount).toBe(50);
  });
});

describe('a rejection for rate or concurrency', () => {
  /** Accepts so many at once. */
  const atOnce = (fake: FakeLlm, most: number) => {
    let underWay = 0;
    fake.behave(async () => {
      if (underWay >= most) return openai.concurrent;
      underWay++;
      await sleep(30);
      underWay--;
      return good;
    });
  };

  test('takes nothing from the tries of a photo, nor from the budget of repetitions', async () => {
    first.behave(inTurn(openai.rate, openai.rate));
    const none = new RetryBudget({ ratio: 0, floor: 0, windowMs: 10_000 });
    const asked = vision({ tries: 1, retryBudget: none });
    expect((await asked.classify(photo, context())).classification.category).toBe('pets');
    expect(first.requestCount).toBe(3);
  });

  test('counts for no circuit while others are accepted', async () => {
    const one = provider(first, 'first', {
      breaker: new CircuitBreaker<CallFailure>({ threshold: 2, baseMs: 60_000, capMs: 60_000 }),
      limits: { concurrency: 16 },
    });
    atOnce(first, 2);
    const asked = vision({ providers: [one] });
    await Promise.all(Array.from({ length: 16 }, () => asked.classify(photo, context())));
    expect(one.breaker.state).toBe('closed');
  });
});

describe('an account', () => {
  test('in arrears is left alone at once, with an alert, and the next provider answers', async () => {
    const providers = both();
    first.behave(dashscope.arrears);
    const asked = vision({ providers });
    for (let photos = 0; photos < 3; photos++)
      expect((await asked.classify(photo, context())).classification.category).toBe('pets');
    expect([first.requestCount, second.requestCount]).toEqual([1, 3]);
    expect(providers[0]?.breaker.state).toBe('open');
    expect(alerts).toEqual(['first: out_of_credit']);
  });

  test('whose tokens are used up keeps its keys', async () => {
    const one = provider(first, 'first', { apiKeys: ['a', 'b'], api: { vendor: 'dashscope' } });
    first.behave(dashscope.allocationCompatible);
    const soon = context({ deadline: deadlineIn(1_000) });
    await expect(vision({ providers: [one] }).classify(photo, soon)).rejects.toMatchObject({
      reason: 'rate_limited',
    });
    expect(one.keys.healthy).toBe(2);
    expect(alerts).toEqual([]);
  });
});

describe('keys', () => {
  test('are used in turn', async () => {
    const one = provider(first, 'first', { apiKeys: ['a', 'b'] });
    const asked = vision({ providers: [one] });
    for (let photos = 0; photos < 4; photos++) await asked.classify(photo, context());
    const fingerprints = first.calls.map(({ keyFingerprint }) => keyFingerprint);
    expect(new Set(fingerprints).size).toBe(2);
    expect(fingerprints.slice(0, 2)).toEqual(fingerprints.slice(2));
  });

  test('without access are put aside, with an alert, and another one is tried', async () => {
    const bad = first;
    const one = provider(bad, 'first', { apiKeys: ['revoked', 'good'] });
    let refused = '';
    bad.behave(({ keyFingerprint }) => {
      refused ||= keyFingerprint;
      return keyFingerprint === refused ? openai.key : good;
    });
    const asked = vision({ providers: [one] });
    await asked.classify(photo, context());
    await asked.classify(photo, context());
    expect(bad.requestCount).toBe(3);
    expect(one.keys.healthy).toBe(1);
    expect(alerts).toEqual(['first: bad_key']);
  });

  test('that are all without access leave it to the next provider', async () => {
    first.behave(openai.key);
    const answer = await vision({ providers: both() }).classify(photo, context());
    expect(answer.classification.category).toBe('pets');
    expect(second.requestCount).toBe(1);
  });
});

test('a model that is gone moves on to the next provider, with an alert', async () => {
  first.behave(openai.model);
  const asked = vision({ providers: both() });
  await asked.classify(photo, context());
  await asked.classify(photo, context());
  expect([first.requestCount, second.requestCount]).toEqual([1, 2]);
  expect(alerts).toEqual(['first: unusable_model']);
});

test('a request that the provider can not take goes to the next one, with an alert', async () => {
  first.behave(openai.image);
  const budget = new RetryBudget({ ratio: 0, floor: 0, windowMs: 60_000 });
  const asked = vision({ providers: both(), retryBudget: budget });
  for (let photos = 0; photos < 3; photos++)
    expect((await asked.classify(photo, context())).classification.category).toBe('pets');
  expect([first.requestCount, second.requestCount]).toEqual([3, 3]);
  expect(alerts).toEqual(Array.from({ length: 3 }, () => 'first: bad_request'));
});

describe('a refused photo', () => {
  const refusals: [string, FakeBehaviour][] = [
    ['by inspection', dashscope.inspection],
    ['by a filter', openai.filter],
    ['in words', { content: null, refusal: "I can't help with that." }],
  ];

  test.each(refusals)(
    '%s costs two calls of one key, and one of each other provider',
    async (_, behaviour) => {
      first.behave(behaviour);
      second.behave(behaviour);
      const providers = [provider(first, 'first', { apiKeys: ['a', 'b'] }), provider(second, 'second')];
      await expect(vision({ providers }).classify(photo, context())).rejects.toMatchObject({
        reason: 'refused',
      });
      expect([first.requestCount, second.requestCount]).toEqual([2, 1]);
      expect(new Set(first.calls.map(({ keyFingerprint }) => keyFingerprint)).size).toBe(1);
      expect([...first.calls, ...second.calls].map((call) => call.prompt)).toEqual([
        prompt.text,
        prompt.plain,
        prompt.text,
      ]);
      expect(alerts).toEqual([]);
      expect(providers.map(({ keys, breaker }) => [keys.healthy, breaker.state])).toEqual([
        [2, 'closed'],
        [1, 'closed'],
      ]);
    },
  );

  test('that another provider does not mind is answered by it, however many there are', async () => {
    first.behave(openai.policy);
    const asked = vision({
      providers: both(),
      retryBudget: new RetryBudget({ ratio: 0, floor: 0, windowMs: 60_000 }),
    });
    for (let photos = 0; photos < 12; photos++)
      expect((await asked.classify(photo, context())).classification.category).toBe('pets');
    expect([first.requestCount, second.requestCount]).toEqual([24, 12]);
  });

  test.each<[string, FakeBehaviour]>([
    ['status', { status: 400, body: { error: { message: 'Not this one.' } } }],
    ['words', { content: 'Not this one.' }],
  ])('by one provider, and by another one with unknown %s, is remembered', async (_, unknown) => {
    first.behave(dashscope.inspection);
    second.behave(unknown);
    const store = memoryRefusals();
    const asked = vision({ providers: both(), refusals: refusalMemory(store) });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'refused' });
    expect(store.saved).toHaveLength(1);
  });

  test('whose plain question finds the vendor out of order is not remembered', async () => {
    first.behave(inTurn(dashscope.inspection, openai.server, openai.server, openai.server));
    const store = memoryRefusals();
    const asked = vision({ refusals: refusalMemory(store) });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'server_error' });
    expect(store.saved).toEqual([]);
  });

  test('by one provider, while another one is out of order, is not remembered', async () => {
    first.behave(dashscope.inspection);
    second.behave(openai.server);
    const store = memoryRefusals();
    const asked = vision({ providers: both(), refusals: refusalMemory(store) });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'server_error' });
    expect(store.saved).toEqual([]);
  });

  test('is not paid for again for a while, by any process', async () => {
    first.behave(dashscope.inspection);
    const store = memoryRefusals();
    await expect(vision({ refusals: refusalMemory(store) }).classify(photo, context())).rejects.toMatchObject(
      { reason: 'refused' },
    );
    await expect(vision({ refusals: refusalMemory(store) }).classify(photo, context())).rejects.toMatchObject(
      { reason: 'refused_before' },
    );
    expect(first.requestCount).toBe(2);
  });

  test('that the plainest question gets an answer for is answered', async () => {
    first.behave(inTurn(openai.policy, { content: 'pets' }));
    const { classification } = await vision().classify(photo, context());
    expect(classification).toMatchObject({ category: 'pets', method: 'llm' });
  });
});

describe('an answer that can not be used', () => {
  test('is repaired once, by asking for the key only', async () => {
    first.behave(inTurn({ content: 'It is a cat!' }, { content: '"pets".' }));
    expect((await vision().classify(photo, context())).classification.category).toBe('pets');
    expect(first.calls[1]?.prompt).toBe(prompt.plain);
  });

  test('twice is left to the next provider', async () => {
    first.behave({ fault: 'garbage' });
    const { classification } = await vision({ providers: both() }).classify(photo, context());
    expect(classification.category).toBe('pets');
    expect([first.requestCount, second.requestCount]).toEqual([2, 1]);
    expect(second.calls[0]?.prompt).toBe(prompt.text);
  });
});

test('a run of answers that can not be used opens the circuit; its cause is logged once, with an alert', async () => {
  first.behave({ content: null, finishReason: 'length' });
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  const onAlert = ({ provider: name, reason }: { provider: string; reason: string }) =>
    alerts.push(`${name}: ${reason}`);
  const llm = llmOptions(first.baseUrl);
  const { providers } = openProviders(llm, { catalogue: readCatalogue(undefined), log, onAlert });
  const asked = vision({ providers, hasFallback: true });
  for (let photos = 0; photos < 5; photos++)
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ code: 'no_classifier' });
  expect(first.requestCount).toBe(5);
  expect([providers[0]?.breaker.state, providers[0]?.breaker.cause?.class]).toEqual(['open', 'bad_answer']);
  expect(alerts).toEqual(['fake: bad_answer']);
  expect(lines.filter((line) => line.includes('circuit'))).toHaveLength(1);
  expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({
      level: 50,
      provider: 'fake',
      host: `127.0.0.1:${first.port}`,
      class: 'bad_answer',
      status: 200,
      unusable: 'cut_at_token_limit',
      msg: 'LLM circuit opened: LLM gave no usable answer (200 cut_at_token_limit)',
    }),
  );
});

describe('a circuit that opens', () => {
  const openAfterOne = () => new CircuitBreaker<CallFailure>({ threshold: 1, baseMs: 60_000, capMs: 60_000 });

  test('sends photos that wait for a permit to the next provider at once', async () => {
    const account = providerAt({ baseUrl: first.baseUrl, limits: { concurrency: 1 } }).account;
    const breaker = new CircuitBreaker<CallFailure>({
      threshold: 1,
      baseMs: 60_000,
      capMs: 60_000,
      onChange: () => account.limiter.reset(),
    });
    const providers = [{ ...provider(first, 'first'), account, breaker }, provider(second, 'second')];
    const open = first.hold();
    first.behave(openai.server);
    const asked = vision({ providers });
    const answers = Promise.all(Array.from({ length: 10 }, () => asked.classify(photo, context())));
    await first.received(1);
    open();
    expect(await answers).toHaveLength(10);
    expect([first.requestCount, second.requestCount]).toEqual([1, 10]);
  });

  test('everywhere, for longer than the deadline, fails at once', async () => {
    const one = { ...provider(first, 'first'), breaker: openAfterOne() };
    first.behave(openai.server);
    const asked = vision({ providers: [one], tries: 1 });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'server_error' });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'cooling' });
    expect(first.requestCount).toBe(1);
  });

  test.each([
    ['single', 0],
    ['batch', 1],
  ] as const)('where a local model answers, a photo of a %s waits for %i probe(s)', async (lane, probes) => {
    const one = {
      ...provider(first, 'first'),
      breaker: new CircuitBreaker<CallFailure>({ threshold: 1, baseMs: 200, capMs: 200 }),
    };
    first.behave(openai.server);
    const asked = vision({ providers: [one], tries: 1, hasFallback: true });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'server_error' });
    await expect(asked.classify(photo, context({ lane }))).rejects.toBeInstanceOf(VisionError);
    expect(first.requestCount).toBe(1 + probes);
  });

  test('lets those go who wait for a probe that takes too long; its answer still comes', async () => {
    const breaker = new CircuitBreaker<CallFailure>({
      threshold: 1,
      baseMs: 20,
      capMs: 20,
      probeLimitMs: () => 50,
    });
    const one = { ...provider(first, 'first'), breaker };
    first.behave(openai.server);
    const asked = vision({ providers: [one], tries: 1, hasFallback: true });
    await expect(asked.classify(photo, context())).rejects.toMatchObject({ reason: 'server_error' });
    await breaker.wait(breaker.waitMs(), new AbortController().signal);
    first.behave(good);
    const open = first.hold();
    const { promise: released, resolve: release } = Promise.withResolvers<Error>();
    const answer = asked.classify(photo, context({ release }));
    await expect(released).resolves.toMatchObject({ reason: 'cooling' });
    open();
    expect((await answer).classification.category).toBe('pets');
    expect(breaker.state).toBe('closed');
  });

  test('for a moment is waited for', async () => {
    const breaker = new CircuitBreaker<CallFailure>({ threshold: 1, baseMs: 50, capMs: 50 });
    first.behave(inTurn(openai.server));
    const asked = vision({ providers: [{ ...provider(first, 'first'), breaker }] });
    expect((await asked.classify(photo, context())).classification.category).toBe('pets');
    expect(breaker.state).toBe('closed');
  });
});

describe('a caller that leaves', () => {
  test('during a pause gets no further call', async () => {
    first.behave(openai.server);
    const caller = new AbortController();
    const slow = { baseMs: 60_000, capMs: 60_000, random: () => 1 };
    const hooks = { onCall: () => setImmediate(() => caller.abort(new Error('gone'))) };
    const long = context({ signal: caller.signal, deadline: deadlineIn(600_000) });
    const answer = vision({ backoff: slow, hooks }).classify(photo, long);
    await expect(answer).rejects.toThrow('gone');
    expect(first.requestCount).toBe(1);
  });

  test('while it waits for a permit gets no call', async () => {
    const one = provider(first, 'first', { limits: { concurrency: 1 } });
    const asked = vision({ providers: [one] });
    const open = first.hold();
    const other = asked.classify(photo, context());
    await first.received(1);
    const caller = new AbortController();
    const answer = asked.classify(photo, context({ signal: caller.signal }));
    await expect.poll(() => one.account.limiter.state.waiting).toBe(1);
    caller.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    open();
    await other;
    expect(first.requestCount).toBe(1);
  });

  test('while its call is in flight gets no retry when that fails', async () => {
    const open = first.hold();
    first.behave(openai.server);
    const caller = new AbortController();
    const asked = vision();
    const answer = asked.classify(photo, context({ signal: caller.signal }));
    await first.received(1);
    caller.abort(new Error('gone'));
    open();
    await expect(answer).rejects.toThrow('gone');
    expect(first.requestCount).toBe(1);
  });
});

describe('money reserved for a call', () => {
  const caps = { dailyMicro: 1e9, monthlyMicro: 1e9, timeZone: 'UTC', onExhausted() {}, onFailure() {} };
  const price = { call: 1 };

  test('that reached no vendor goes back', async () => {
    const ledger = memoryLedger();
    await first.close();
    const asked = vision({
      providers: [provider(first, 'first', { price })],
      spending: openSpending({ ...caps, ledger }),
    }).classify(photo, context());
    await expect(asked).rejects.toMatchObject({ reason: 'network' });
    expect([...ledger.sums.values()]).toEqual([0, 0]);
  });

  test('goes back where the caller left meanwhile, and nothing is sent', async () => {
    const ledger = memoryLedger();
    const caller = new AbortController();
    const leaving: typeof ledger = {
      ...ledger,
      async reserveSpend(...asked) {
        caller.abort(new Error('gone'));
        return ledger.reserveSpend(...asked);
      },
    };
    const asked = vision({
      providers: [provider(first, 'first', { price })],
      spending: openSpending({ ...caps, ledger: leaving }),
    }).classify(photo, context({ signal: caller.signal }));
    await expect(asked).rejects.toThrow('gone');
    expect([first.requestCount, ...ledger.sums.values()]).toEqual([0, 0, 0]);
  });
});
