import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openResultCache } from '../../src/cache/result-cache.ts';
import { withSingleFlight } from '../../src/cache/single-flight.ts';
import { withCache, withRemembering } from '../../src/cache/with-cache.ts';
import { type Answer, type Classifier, fresh } from '../../src/classify/classifier.ts';
import { withFallback } from '../../src/classify/fallback.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import type { Store } from '../../src/store/store.ts';
import { openVision } from '../../src/vision/open-vision.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import { type Behave, type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { vendorErrors } from '../support/vendor-errors.ts';
import { llmOptions, prompt, taxonomy } from '../support/vision.ts';

const jpeg = readFileSync('docs/samples/cat.jpg');
const { openai } = vendorErrors;

let fake: FakeLlm;
let fixture: Awaited<ReturnType<typeof sqliteFixture>>;
let store: Store;
let closing: (() => Promise<unknown>)[];
let writeFailures: unknown[];

beforeEach(async () => {
  [fake, fixture] = await Promise.all([startFakeLlm(), sqliteFixture()]);
  store = fixture.open();
  await store.migrate();
  closing = [];
  writeFailures = [];
});

afterEach(async () => {
  // Abandoned calls end with the vendor; what they still write may fail.
  await fake.close();
  await Promise.all(closing.map((close) => close()));
  await store.close();
  await fixture.remove();
});

const local: Classifier = {
  classify: async () =>
    fresh({ category: 'foods', confidence: 0.8, method: 'local', model: 'local', scores: { foods: 0.8 } }),
};

/** The sentence that the service is, around a fake vendor and a local model that always answers. */
function service(deadlineMs: number) {
  const grouped = withGroupCommit(store);
  // This test's own: a call may outlive it.
  const failures = writeFailures;
  const cache = openResultCache({
    results: grouped,
    version: 'v',
    provisionalMs: 60_000,
    isProvisional: ({ method }) => method === 'local',
    memoryEntries: 10_000,
    memoryMs: 60_000,
    onWriteFailure: (_, error) => failures.push(error),
  });
  const log = pino({ level: 'silent' });
  const llm = llmOptions(fake.baseUrl);
  const parts = {
    taxonomy,
    prompt,
    timeZone: 'UTC',
    ledger: store,
    refusals: store,
    log,
    hooks: {},
    hasFallback: true,
  };
  const vision = openVision({ ...llm, maxWaiting: 2_000 }, parts);
  const shared = (inner: Classifier) => withSingleFlight(withRemembering(inner, cache));
  const answering = withFallback(shared(vision.classifier), shared(local), { marginMs: 500 });
  const classifier = withCache(answering, cache, { onReadFailure: () => {} });
  closing.push(() => grouped.flush());
  const classify = (index: number, signal = new AbortController().signal): Promise<Answer> =>
    classifier.classify(fakePhoto(Buffer.concat([jpeg, Buffer.from(`#${index}`)])), {
      deadline: deadlineIn(deadlineMs),
      signal,
      lane: 'single',
    });
  return { classify, vision };
}

async function classifyAll(photos: number, deadlineMs: number): Promise<Answer[]> {
  const { classify } = service(deadlineMs);
  const answers = await Promise.all(Array.from({ length: photos }, (_, index) => classify(index)));
  await Promise.all(answers.map(({ written }) => written));
  return answers;
}

/** Every answer is the model's, or the local model's and says so; every row is one of them. */
async function checkAll(answers: readonly Answer[]) {
  for (const { classification, degraded } of answers) {
    expect(degraded).toBe(classification.method === 'local');
    expect(classification.category).toBe(classification.method === 'local' ? 'foods' : 'pets');
  }
  expect(writeFailures).toEqual([]);
  const rows = await fixture.rows('SELECT method, category, confidence, model FROM results');
  expect(rows.length).toBe(answers.length);
  for (const { method, category, confidence, model } of rows)
    expect([method, category, confidence, model]).toEqual(
      method === 'local' ? ['local', 'foods', 0.8, 'local'] : ['llm', 'pets', 0.93, 'fake-vision'],
    );
}

const sometimes = (trouble: Behave, every = 3): Behave => {
  const good = { content: { category: 'pets', confidence: 0.93 } };
  return (call) =>
    call.index % every === 0 ? (typeof trouble === 'function' ? trouble(call) : trouble) : good;
};

describe.each<[string, Behave]>([
  ['rate limits without Retry-After', openai.rate],
  ['rate limits with Retry-After', { ...openai.rate, headers: { 'retry-after': '1' } }],
  ['hangs', { fault: 'hang' }],
  ['hangs in the body', { fault: 'hang-in-body' }],
  ['slow drips', { fault: 'drip' }],
  ['resets', { fault: 'reset' }],
  ['resets in the body', { fault: 'reset-in-body' }],
  ['garbage', { fault: 'garbage' }],
  ['web pages', { fault: 'html' }],
  ['answers out of range', { content: { category: 'pets', confidence: 1.5 } }],
  ['server errors', openai.server],
])('a vendor with %s', (_, trouble) => {
  test('always: every photo gets its local answer, few calls are made, nothing wrong is remembered', async () => {
    fake.behave(trouble);
    const answers = await classifyAll(60, 1_000);
    await checkAll(answers);
    expect(answers.every(({ degraded }) => degraded)).toBe(true);
    expect(fake.requestCount).toBeLessThanOrEqual(1.1 * 60 + 10);
  });

  test('now and then: every photo gets an answer, and nothing wrong is remembered', async () => {
    fake.behave(sometimes(trouble));
    const answers = await classifyAll(60, 1_000);
    await checkAll(answers);
  });
});

test('a thousand photos in an outage cost a few calls, not a thousand', async () => {
  fake.behave(openai.overloaded);
  const answers = await classifyAll(1_000, 10_000);
  expect(answers.every(({ degraded }) => degraded)).toBe(true);
  expect(fake.requestCount).toBeLessThan(100);
});

test('an answer that comes too late for its caller is remembered for the next one', async () => {
  const open = fake.hold();
  const { classify } = service(1_000);
  const answer = await classify(1);
  expect(answer).toMatchObject({ degraded: true, classification: { method: 'local' } });
  open();
  await expect
    .poll(async () => (await fixture.rows('SELECT method FROM results')).map(({ method }) => method))
    .toEqual(['llm']);
  expect((await classify(1)).classification).toMatchObject({ method: 'llm', category: 'pets' });
  expect(fake.requestCount).toBe(1);
});
