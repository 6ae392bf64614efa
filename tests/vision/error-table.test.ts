import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VisionError } from '../../src/errors.ts';
import { type FailureClass, type FailurePolicy, policies } from '../../src/vision/calls/failure-policy.ts';
import { anthropicModel } from '../../src/vision/wire/anthropic.ts';
import { openAiCompatibleModel } from '../../src/vision/wire/openai-compatible.ts';
import { classOf, VendorError } from '../../src/vision/wire/vendor-error.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { anthropicWire } from '../support/fake-llm-anthropic.ts';
import { dashscopeWire, openAiWire } from '../support/fake-llm-openai.ts';
import { type VendorName, vendorErrors } from '../support/vendor-errors.ts';
import { plainFields } from '../support/vision.ts';
import { question } from './question.ts';

const expected = {
  openai: {
    rate: 'rate_limited',
    tokens: 'rate_limited',
    credit: 'out_of_credit',
    hardLimit: 'out_of_credit',
    flexUnavailable: 'rate_limited',
    key: 'bad_key',
    region: 'bad_key',
    model: 'unusable_model',
    policy: 'refused',
    filter: 'refused',
    image: 'bad_request',
    tooLarge: 'bad_request',
    unprocessable: 'bad_request',
    timeout: 'server_error',
    server: 'server_error',
    overloaded: 'overloaded',
    gateway: 'server_error',
    gatewayTimeout: 'server_error',
    payment: 'out_of_credit',
    concurrent: 'concurrency_limited',
  },
  dashscope: {
    rate: 'rate_limited',
    throttling: 'rate_limited',
    rateQuota: 'rate_limited',
    allocation: 'rate_limited',
    allocationCompatible: 'rate_limited',
    arrears: 'out_of_credit',
    freeTier: 'out_of_credit',
    inspection: 'refused',
    inspectionBare: 'refused',
    inspectionFormat: 'bad_request',
    parameter: 'bad_request',
    key: 'bad_key',
    unpurchased: 'unusable_model',
    model: 'unusable_model',
    modelBare: 'unusable_model',
    timeout: 'server_error',
    server: 'server_error',
    busy: 'overloaded',
  },
  anthropic: {
    rate: 'rate_limited',
    concurrent: 'concurrency_limited',
    credit: 'out_of_credit',
    filter: 'refused',
    image: 'bad_request',
    key: 'bad_key',
    permission: 'bad_key',
    model: 'unusable_model',
    tooLarge: 'bad_request',
    server: 'server_error',
    overloaded: 'overloaded',
  },
} satisfies { [V in VendorName]: Record<keyof (typeof vendorErrors)[V], FailureClass> };

const wires = { openai: openAiWire, dashscope: dashscopeWire, anthropic: anthropicWire };
const noSignal = new AbortController().signal;

describe.each(['openai', 'dashscope', 'anthropic'] as const)('%s', (vendor) => {
  let fake: FakeLlm;
  beforeEach(async () => {
    fake = await startFakeLlm({ wire: wires[vendor] });
  });
  afterEach(() => fake.close());

  function model() {
    const own = { baseUrl: fake.baseUrl, apiKey: 'sk-test', fields: plainFields() };
    const options = { name: 'fake-vision', ...own };
    if (vendor === 'anthropic') return anthropicModel(options);
    return openAiCompatibleModel({ ...options, vendor });
  }

  test.each(Object.entries(expected[vendor]))('%s means %s', async (name, failureClass) => {
    fake.behave(Object.entries(vendorErrors[vendor]).find(([one]) => one === name)?.[1] ?? { fault: 'hang' });
    const error = await model()
      .ask(question, noSignal)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VisionError);
    expect(error).toMatchObject({ reason: failureClass });
  });
});

test.each([
  ['ECONNRESET', 'network'],
  ['ECONNREFUSED', 'network'],
  ['EAI_AGAIN', 'network'],
  ['ENOTFOUND', 'network'],
  ['UND_ERR_SOCKET', 'network'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['timeout', 'timeout'],
])('a connection that ends with %s means %s', (network, failureClass) => {
  expect(classOf({ network })).toBe(failureClass);
});

test.each([
  ['refusal', 'refused'],
  ['content_filter', 'refused'],
  ['cut_at_token_limit', 'bad_answer'],
  ['no_text', 'bad_answer'],
  ['only_reasoning', 'bad_answer'],
  ['unknown_category', 'bad_answer'],
  ['not_json', 'bad_answer'],
  ['too_large', 'bad_answer'],
] as const)('a reply that can not be used for %s means %s', (unusable, failureClass) => {
  expect(classOf({ status: 200, unusable })).toBe(failureClass);
});

test('what fits no row is our own fault', () => {
  expect(classOf({})).toBe('internal');
  expect(new VendorError({ status: 200 }).reason).toBe('internal');
});

test.each<[FailureClass, Partial<FailurePolicy>]>([
  ['server_error', { next: 'again', blame: 'provider' }],
  ['overloaded', { next: 'again', blame: 'provider' }],
  ['network', { next: 'again', blame: 'provider' }],
  ['timeout', { next: 'again', blame: 'provider', outcome: 'timed_out' }],
  ['concurrency_limited', { next: 'wait', blame: 'none', outcome: 'rejected' }],
  ['rate_limited', { next: 'wait', blame: 'none', outcome: 'rejected' }],
  ['out_of_credit', { next: 'next', blame: 'none', opens: 'account', alert: true }],
  ['bad_key', { next: 'other_key', blame: 'key', alert: true }],
  ['unusable_model', { next: 'next', blame: 'provider', opens: 'provider', alert: true }],
  ['refused', { next: 'plain', blame: 'photo', remember: true }],
  ['bad_answer', { next: 'repair', blame: 'provider' }],
  ['bad_request', { next: 'next', blame: 'us', alert: true }],
])('what follows from %s', (failureClass, policy) => {
  expect(policies[failureClass]).toMatchObject(policy);
});
