import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClassifyContext } from '../../src/classify/classifier.ts';
import { UnavailableError, UndecodableError } from '../../src/errors.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import type { VisionCallReport } from '../../src/vision/calls/call-report.ts';
import { type VisionClassifierOptions, visionClassifier } from '../../src/vision/vision-classifier.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { providerAt, type TestProvider, visionOptions } from '../support/vision.ts';

const jpeg = readFileSync('docs/samples/cat.jpg');
const photo = fakePhoto(jpeg);

let fake: FakeLlm;
let logged: string;
let reports: VisionCallReport[];

beforeEach(async () => {
  fake = await startFakeLlm();
  logged = '';
  reports = [];
});

afterEach(() => fake.close());

function classifier(options: Partial<VisionClassifierOptions> = {}, provider: Partial<TestProvider> = {}) {
  const log = pino({ level: 'debug' }, { write: (line: string) => (logged += line) });
  return visionClassifier(
    visionOptions([providerAt({ baseUrl: fake.baseUrl, ...provider })], {
      tries: 1,
      log,
      hooks: { onCall: (report) => reports.push(report) },
      ...options,
    }),
  );
}

function context(options: Partial<ClassifyContext> = {}): ClassifyContext {
  return { deadline: deadlineIn(10_000), signal: new AbortController().signal, lane: 'single', ...options };
}

test('a photo gets its category from the model', async () => {
  const answer = await classifier().classify(photo, context());
  expect(answer).toMatchObject({ from: 'model', degraded: false });
  expect(answer.classification).toEqual({
    category: 'pets',
    confidence: 0.93,
    description: '一只猫趴在沙发上。',
    method: 'llm',
    model: 'fake-vision',
  });
});

test('what is sent is the rendition, not the photo', async () => {
  const rendition = jpeg.subarray(0, 4_000);
  const large = fakePhoto(jpeg, async () => ({ rendition, widthPx: 4000, heightPx: 3000 }));
  await classifier().classify(large, context());
  expect(fake.calls[0]?.jpeg.equals(rendition)).toBe(true);
});

test('at most as many calls as allowed are in flight at once, and all are answered', async () => {
  const open = fake.hold();
  const vision = classifier();
  const answers = Promise.all(Array.from({ length: 20 }, () => vision.classify(photo, context())));
  await fake.received(8);
  open();
  expect(await answers).toHaveLength(20);
  expect(fake.maxConcurrent).toBe(8);
});

test('a full queue fails at once instead of waiting', async () => {
  const open = fake.hold();
  const vision = classifier({}, { limits: { concurrency: 1, maxWaiting: 1 } });
  const first = vision.classify(photo, context());
  const second = vision.classify(photo, context());
  await expect(vision.classify(photo, context())).rejects.toMatchObject({ reason: 'queue_full' });
  open();
  await Promise.all([first, second]);
});

test('a deadline that passes in the queue costs no call', async () => {
  const open = fake.hold();
  const vision = classifier({}, { limits: { concurrency: 1 } });
  const first = vision.classify(photo, context());
  await fake.received(1);
  const hurried = vision.classify(photo, context({ deadline: deadlineIn(20) }));
  await expect(hurried).rejects.toMatchObject({ reason: 'queue_timeout' });
  open();
  await first;
  expect(fake.requestCount).toBe(1);
});

test('a call that was sent outlives its caller, but not its time limit', async () => {
  const open = fake.hold();
  const caller = new AbortController();
  const answer = classifier().classify(photo, context({ signal: caller.signal }));
  await fake.received(1);
  caller.abort(new Error('gone'));
  open();
  expect((await answer).classification.category).toBe('pets');
  fake.behave({ fault: 'hang' });
  const late = classifier({}, { timeoutMs: 50 }).classify(photo, context());
  await expect(late).rejects.toMatchObject({ reason: 'timeout' });
});

test('a call that is not sent yet is not sent for a caller that is gone', async () => {
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(classifier().classify(photo, context({ signal: gone }))).rejects.toThrow('gone');
  expect(fake.requestCount).toBe(0);
});

test.each([
  new UndecodableError('undecodable_image', 'The photo is damaged and cannot be decoded.'),
  new UnavailableError('overloaded', 'Too many photos are waiting to be decoded; try again later.'),
])('what the decoder says of the photo passes through: $code', async (error) => {
  const broken = fakePhoto(jpeg, () => Promise.reject(error));
  await expect(classifier().classify(broken, context())).rejects.toBe(error);
  expect(fake.requestCount).toBe(0);
});

test('an answer outside the taxonomy is a failure, never a result', async () => {
  fake.behave({ content: { category: 'cars', confidence: 0.9 } });
  await expect(classifier().classify(photo, context())).rejects.toMatchObject({ reason: 'bad_answer' });
  const usage = { inputTokens: 310, outputTokens: 28 };
  expect(reports).toMatchObject([
    { outcome: 'bad_answer', usage, attempt: 1 },
    { outcome: 'bad_answer', usage, attempt: 2 },
  ]);
});

test('where one try is allowed, one failure is one call', async () => {
  fake.behave({ status: 500, body: { error: { message: 'sk-very-secret broke' } } });
  await expect(classifier().classify(photo, context())).rejects.toMatchObject({ reason: 'server_error' });
  expect(fake.requestCount).toBe(1);
});

test('every call leaves a line with provider, model, duration and outcome, and no secret', async () => {
  await classifier().classify(photo, context());
  fake.behave({ status: 401, body: { error: { message: 'no such key: sk-very-secret' } } });
  await classifier()
    .classify(photo, context())
    .catch(() => {});
  const lines = logged
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const line = {
    msg: 'vision call',
    provider: expect.any(String),
    key: expect.stringMatching(/^[0-9a-f]{8}$/),
    model: 'fake-vision',
    attempt: 1,
    durationMs: expect.any(Number),
  };
  expect(lines).toMatchObject([
    { ...line, outcome: 'answered', usage: { inputTokens: 310, outputTokens: 28 } },
    { ...line, outcome: 'bad_key', level: 20 },
  ]);
  expect(logged).not.toMatch(/secret|base64|Choose the one|猫/);
});
