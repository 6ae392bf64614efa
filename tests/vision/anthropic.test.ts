import { afterEach, beforeEach, expect, test } from 'vitest';
import { callTimeLimit } from '../../src/vision/calls/send-call.ts';
import { anthropicModel } from '../../src/vision/wire/anthropic.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { anthropicWire } from '../support/fake-llm-anthropic.ts';
import type { FakeBehaviour } from '../support/fake-llm-behaviour.ts';
import { plainFields } from '../support/vision.ts';
import { question } from './question.ts';

const noSignal = new AbortController().signal;
let fake: FakeLlm;

beforeEach(async () => {
  fake = await startFakeLlm({ wire: anthropicWire, keys: ['sk-ant-right'] });
});

afterEach(() => fake.close());

const claude = (options: { apiKey?: string } = {}) =>
  anthropicModel({
    name: 'claude-fake',
    baseUrl: fake.baseUrl,
    apiKey: 'sk-ant-right',
    fields: plainFields(),
    ...options,
  });

test('Claude gets the prompt and the very bytes of the photo, in its own format', async () => {
  const reply = await claude().ask(question, noSignal);
  expect(JSON.parse(reply.text)).toMatchObject({ category: 'pets' });
  expect(reply.usage).toEqual({ inputTokens: 310, outputTokens: 28 });
  expect(fake.calls[0]).toMatchObject({ model: 'claude-fake', prompt: question.prompt, maxTokens: 200 });
  expect(fake.calls[0]?.jpeg.equals(question.jpeg)).toBe(true);
});

test.each<[string, FakeBehaviour, string]>([
  ['a refusal', { content: 'I can not', refusal: 'yes' }, 'refused'],
  ['a reply cut at its bound', { content: '{"cat', finishReason: 'length' }, 'bad_answer'],
  ['a reply without words', { content: null }, 'bad_answer'],
  ['half a JSON text', { fault: 'garbage' }, 'bad_answer'],
  ['a broken connection', { fault: 'reset-in-body' }, 'network'],
  [
    'an error with status 200',
    { status: 200, body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } },
    'overloaded',
  ],
])('%s is a failure with a class of its own', async (_, behaviour, reason) => {
  fake.behave(behaviour);
  await expect(claude().ask(question, noSignal)).rejects.toMatchObject({ reason });
});

test.each(['hang', 'hang-in-body', 'drip'] as const)('the time limit holds against a %s', async (fault) => {
  fake.behave({ fault });
  using limit = callTimeLimit(60);
  await expect(claude().ask(question, limit.signal)).rejects.toMatchObject({
    reason: 'timeout',
  });
  await fake.idle();
});

test('an abort closes the connection', async () => {
  fake.behave({ fault: 'hang' });
  const caller = new AbortController();
  const answer = claude().ask(question, caller.signal);
  await fake.received(1);
  caller.abort(new Error('gone'));
  await expect(answer).rejects.toThrow('gone');
  await fake.idle();
  expect(fake.calls[0]?.isAborted).toBe(true);
});

test('a wrong key is no part of the error', async () => {
  const error = await claude({ apiKey: 'sk-ant-secret' })
    .ask(question, noSignal)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: 'bad_key' });
  expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('sk-ant-secret');
});
