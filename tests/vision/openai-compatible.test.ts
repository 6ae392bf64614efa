import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { VisionError } from '../../src/errors.ts';
import { callTimeLimit } from '../../src/vision/calls/send-call.ts';
import { promptOf } from '../../src/vision/prompt.ts';
import {
  type OpenAiCompatibleOptions,
  openAiCompatibleModel,
} from '../../src/vision/wire/openai-compatible.ts';
import type { VisionQuestion } from '../../src/vision/wire/vision-model.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import type { FakeBehaviour } from '../support/fake-llm-behaviour.ts';
import { plainFields } from '../support/vision.ts';

const taxonomy = readTaxonomy();
const prompt = promptOf({ taxonomy, language: 'zh' });
const jpeg = readFileSync('docs/samples/cat.jpg');
const question: VisionQuestion = {
  jpeg,
  prompt: prompt.text,
  form: prompt.form,
  tags: 0,
  maxTokens: 200,
  categories: taxonomy.categories.map(({ key }) => key),
};
const noSignal = new AbortController().signal;

let fake: FakeLlm;

beforeEach(async () => {
  fake = await startFakeLlm({ keys: ['sk-right'], models: ['fake-vision'] });
});

afterEach(() => fake.close());

function model(options: Partial<OpenAiCompatibleOptions> = {}) {
  return openAiCompatibleModel({
    name: 'fake-vision',
    baseUrl: fake.baseUrl,
    apiKey: 'sk-right',
    fields: plainFields(),
    ...options,
  });
}

async function failureOf(answer: Promise<unknown>): Promise<VisionError> {
  const error: unknown = await answer.then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!(error instanceof VisionError)) throw new Error('expected a VisionError', { cause: error });
  return error;
}

test('a query of the base URL goes with every call', async () => {
  const baseUrl = `${fake.baseUrl}?api-version=2026-10-01&tenant=a%2Fb`;
  expect((await model({ baseUrl }).ask(question, noSignal)).text).toContain('pets');
  expect(fake.calls[0]?.url).toBe('/v1/chat/completions?api-version=2026-10-01&tenant=a%2Fb');
});

test('the vendor gets the prompt and the very bytes of the photo', async () => {
  const reply = await model().ask(question, noSignal);
  expect(JSON.parse(reply.text)).toMatchObject({ category: 'pets', confidence: 0.93 });
  const [call] = fake.calls;
  expect(call).toMatchObject({ model: 'fake-vision', prompt: prompt.text, maxTokens: 200 });
  expect(call?.jpeg.equals(jpeg)).toBe(true);
});

test('the body is sent whole, with its length and as JSON', async () => {
  await model().ask(question, noSignal);
  const headers = fake.calls[0]?.headers;
  expect(headers?.['content-type']).toBe('application/json');
  expect(Number(headers?.['content-length'])).toBe(fake.calls[0]?.bodyBytes);
});

test.each([1, 2, 3, 1_000, 1_001])(
  'a photo of %i bytes after its marker keeps its padding',
  async (length) => {
    const tiny = Buffer.concat([jpeg.subarray(0, 3), jpeg.subarray(3, 3 + length)]);
    await model().ask({ ...question, jpeg: tiny }, noSignal);
    expect(fake.calls[0]?.jpeg.equals(tiny)).toBe(true);
  },
);

test('a prompt with quotes, line breaks and Chinese arrives as it was', async () => {
  const words = 'Say "JSON"\n\\ 这张照片 "}}]}]} 🐈';
  await model().ask({ ...question, prompt: words }, noSignal);
  expect(fake.calls[0]?.prompt).toBe(words);
});

test('tokens are counted as the vendor reports them', async () => {
  fake.behave({ content: 'x', usage: { inputTokens: 412, outputTokens: 31 } });
  expect((await model().ask(question, noSignal)).usage).toEqual({ inputTokens: 412, outputTokens: 31 });
  fake.behave({ content: 'x', usage: null });
  expect(await model().ask(question, noSignal)).not.toHaveProperty('usage');
});

test('strict structured output allows the categories and nothing else', async () => {
  await model({ fields: plainFields({ structuredOutput: 'json_schema' }) }).ask(question, noSignal);
  expect(fake.calls[0]?.body).toMatchObject({
    response_format: {
      type: 'json_schema',
      json_schema: {
        strict: true,
        schema: {
          properties: { category: { enum: question.categories } },
          required: ['category', 'confidence', 'description'],
          additionalProperties: false,
        },
      },
    },
  });
});

test('a description that is not asked for is not in the schema either', async () => {
  await model({ fields: plainFields({ structuredOutput: 'json_schema' }) }).ask(
    { ...question, form: 'bare' },
    noSignal,
  );
  expect(JSON.stringify(fake.calls[0]?.body)).not.toContain('"description":{');
});

test('a question for a bare key is not held to JSON', async () => {
  await model({ fields: plainFields({ structuredOutput: 'json_object' }) }).ask(
    { ...question, form: 'code', prompt: prompt.plain },
    noSignal,
  );
  expect(fake.calls[0]?.body).not.toHaveProperty('response_format');
});

test('extra fields never displace the photo', async () => {
  await model({ fields: plainFields({ body: { messages: [], temperature: 0 } }) }).ask(question, noSignal);
  expect(fake.calls[0]?.body).toMatchObject({ temperature: 0 });
  expect(fake.calls[0]?.jpeg.equals(jpeg)).toBe(true);
});

const unusable: [string, FakeBehaviour, string][] = [
  ['a refusal in its own field', { content: null, refusal: "I can't help with that." }, 'refused'],
  ['a reply stopped by the content filter', { content: '', finishReason: 'content_filter' }, 'refused'],
  ['a reply cut at its bound', { content: '{"category":"pe', finishReason: 'length' }, 'bad_answer'],
  ['a reply without words', { content: null }, 'bad_answer'],
  ['a reply of blanks', { content: ' \n' }, 'bad_answer'],
  ['no choices', { status: 200, body: { choices: [] } }, 'bad_answer'],
  ['choices that are no list', { status: 200, body: { choices: 'none' } }, 'bad_answer'],
  ['null', { status: 200, body: null }, 'bad_answer'],
  ['an empty body', { status: 200, body: '', headers: { 'content-type': 'application/json' } }, 'bad_answer'],
  ['half a JSON text', { fault: 'garbage' }, 'bad_answer'],
  ['a web page', { fault: 'html' }, 'bad_answer'],
  ['a reply without an end', { fault: 'flood' }, 'bad_answer'],
  ['a redirect', { status: 307, body: '', headers: { location: 'http://127.0.0.1:9/' } }, 'bad_request'],
  ['a broken connection', { fault: 'reset' }, 'network'],
  ['a connection broken within the body', { fault: 'reset-in-body' }, 'network'],
  ['an overloaded server', { status: 503, body: 'try later' }, 'overloaded'],
  ['a rate limit', { status: 429, body: { error: { message: 'slow down' } } }, 'rate_limited'],
];

test.each(unusable)('%s is a failure with a class of its own', async (_, behaviour, reason) => {
  fake.behave(behaviour);
  expect((await failureOf(model().ask(question, noSignal))).reason).toBe(reason);
  expect(fake.requestCount).toBe(1);
});

test('a wrong key and a wrong model differ', async () => {
  expect((await failureOf(model({ apiKey: 'sk-wrong' }).ask(question, noSignal))).reason).toBe('bad_key');
  expect((await failureOf(model({ name: 'gone' }).ask(question, noSignal))).reason).toBe('unusable_model');
});

test('a vendor that is not there is a transient failure', async () => {
  const gone = await startFakeLlm();
  await gone.close();
  expect((await failureOf(model({ baseUrl: gone.baseUrl }).ask(question, noSignal))).reason).toBe('network');
});

test.each(['hang', 'hang-in-body'] as const)(
  'the time limit holds against a vendor that does a %s',
  async (fault) => {
    fake.behave({ fault });
    using limit = callTimeLimit(400);
    expect((await failureOf(model().ask(question, limit.signal))).reason).toBe('timeout');
    await fake.idle();
    expect(fake.calls[0]?.isAborted).toBe(true);
  },
);

test('the time limit holds within the body of an error, too', async () => {
  const slow = createServer((request, response) => {
    request.resume();
    response.writeHead(500, { 'content-type': 'application/json' }).write('{"error":');
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  using limit = callTimeLimit(60);
  const failure = await failureOf(model({ baseUrl }).ask(question, limit.signal));
  slow.closeAllConnections();
  slow.close();
  expect(failure.reason).toBe('timeout');
});

test.each(['hang', 'hang-in-body'] as const)('an abort during a %s closes the connection', async (fault) => {
  fake.behave({ fault });
  const caller = new AbortController();
  const answer = model().ask(question, caller.signal);
  const gone = new Error('the caller is gone');
  await fake.received(1);
  caller.abort(gone);
  await expect(answer).rejects.toBe(gone);
  await fake.idle();
  expect(fake.calls[0]?.isAborted).toBe(true);
});

test('a caller that is gone already costs no call', async () => {
  await expect(model().ask(question, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(fake.requestCount).toBe(0);
});

test('nothing that a vendor says or that a key holds is in the error', async () => {
  const failure = await failureOf(model({ apiKey: 'sk-secret-wrong' }).ask(question, noSignal));
  const shown = JSON.stringify(failure, Object.getOwnPropertyNames(failure)) + failure.stack;
  expect(shown).not.toContain('sk-secret');
  expect(shown).not.toContain('Incorrect');
  expect(failure.cause).toBeUndefined();
});

test('a key that no header can carry is refused without being quoted', () => {
  expect(() => model({ apiKey: 'sk-line\nbreak' })).toThrow(/visible ASCII/);
  expect(() => model({ apiKey: 'sk-line\nbreak' })).not.toThrow(/sk-line/);
});
