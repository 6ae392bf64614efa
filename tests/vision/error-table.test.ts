import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VisionError } from '../../src/errors.ts';
import { anthropicModel } from '../../src/vision/anthropic.ts';
import { classOf, errorTable, rowOf } from '../../src/vision/error-table.ts';
import { openAiCompatibleModel } from '../../src/vision/openai-compatible.ts';
import { type Failure, VendorError, vendorErrorBody } from '../../src/vision/vendor-error.ts';
import { type FailureClass, type Verdict, verdicts } from '../../src/vision/verdicts.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { anthropicWire } from '../support/fake-llm-anthropic.ts';
import { dashscopeWire, openAiWire } from '../support/fake-llm-openai.ts';
import { type VendorName, vendorErrors } from '../support/vendor-errors.ts';
import { plainFields } from '../support/vision.ts';
import { question } from './question.ts';

const expected = {
  openai: {
    rate: 'rate_limited',
    tokens: 'token_limited',
    credit: 'out_of_credit',
    hardLimit: 'out_of_credit',
    key: 'bad_key',
    region: 'bad_key',
    model: 'model_not_found',
    policy: 'refused',
    filter: 'refused',
    image: 'bad_request',
    tooLarge: 'bad_request',
    unprocessable: 'bad_request',
    timeout: 'transient',
    server: 'transient',
    overloaded: 'transient',
    gateway: 'transient',
    gatewayTimeout: 'transient',
    payment: 'out_of_credit',
    concurrent: 'concurrency_limited',
  },
  dashscope: {
    rate: 'rate_limited',
    throttling: 'rate_limited',
    rateQuota: 'rate_limited',
    allocation: 'token_limited',
    allocationCompatible: 'token_limited',
    arrears: 'out_of_credit',
    freeTier: 'out_of_credit',
    inspection: 'refused',
    inspectionBare: 'refused',
    inspectionFormat: 'bad_request',
    parameter: 'bad_request',
    key: 'bad_key',
    unpurchased: 'bad_key',
    model: 'model_not_found',
    modelBare: 'model_not_found',
    timeout: 'transient',
    server: 'transient',
    busy: 'transient',
  },
  anthropic: {
    rate: 'rate_limited',
    concurrent: 'concurrency_limited',
    credit: 'out_of_credit',
    filter: 'refused',
    image: 'bad_request',
    key: 'bad_key',
    permission: 'bad_key',
    model: 'model_not_found',
    tooLarge: 'bad_request',
    server: 'transient',
    overloaded: 'transient',
  },
} satisfies { [V in VendorName]: Record<keyof (typeof vendorErrors)[V], FailureClass> };

const wires = { openai: openAiWire, dashscope: dashscopeWire, anthropic: anthropicWire };
const patient = new AbortController().signal;

describe.each(['openai', 'dashscope', 'anthropic'] as const)('%s', (vendor) => {
  let fake: FakeLlm;
  beforeEach(async () => {
    fake = await startFakeLlm({ wire: wires[vendor] });
  });
  afterEach(() => fake.close());

  function model() {
    const own = { baseUrl: fake.baseUrl, apiKey: 'sk-test', timeoutMs: 5_000, fields: plainFields() };
    const options = { name: 'fake-vision', ...own };
    if (vendor === 'anthropic') return anthropicModel(options);
    return openAiCompatibleModel({ ...options, vendor });
  }

  test.each(Object.entries(expected[vendor]))('%s means %s', async (name, failureClass) => {
    fake.behave(Object.entries(vendorErrors[vendor]).find(([one]) => one === name)?.[1] ?? { fault: 'hang' });
    const error = await model()
      .ask(question, patient)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VisionError);
    expect(error).toMatchObject({ reason: failureClass });
  });
});

test.each([
  ['ECONNRESET', 'transient'],
  ['ECONNREFUSED', 'transient'],
  ['EAI_AGAIN', 'transient'],
  ['ENOTFOUND', 'transient'],
  ['UND_ERR_SOCKET', 'transient'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['timeout', 'timeout'],
])('a connection that ends with %s means %s', (network, failureClass) => {
  expect(classOf({ network })).toBe(failureClass);
});

test.each([
  ['refusal', 'refused'],
  ['content_filter', 'refused'],
  ['length', 'bad_answer'],
  ['empty', 'bad_answer'],
  ['not_json', 'bad_answer'],
  ['too_large', 'bad_answer'],
] as const)('a reply that can not be used for %s means %s', (unusable, failureClass) => {
  expect(classOf({ status: 200, unusable })).toBe(failureClass);
});

test('what fits no row is our own fault', () => {
  expect(classOf({})).toBe('internal');
  expect(new VendorError({ status: 200 }).reason).toBe('internal');
});

test('every row is the first that fits for one of the cases above', () => {
  const answers = Object.entries(vendorErrors).flatMap(([vendor, errors]) =>
    Object.values(errors).map(({ status, body }) => ({
      vendor: vendor as VendorName,
      status,
      error: vendorErrorBody(typeof body === 'string' ? body : JSON.stringify(body)),
    })),
  );
  const others = [
    { network: 'timeout' },
    { network: 'ECONNRESET' },
    { unusable: 'refusal' },
    { unusable: 'empty' },
  ];
  const reached = new Set([...answers, ...(others as Failure[])].map(rowOf));
  expect(errorTable.filter((row) => !reached.has(row))).toEqual([]);
});

test.each<[FailureClass, Partial<Verdict>]>([
  ['transient', { next: 'again', blame: 'provider' }],
  ['timeout', { next: 'again', blame: 'provider', outcome: 'timed_out' }],
  ['rate_limited', { next: 'wait', blame: 'nobody', outcome: 'refused' }],
  ['concurrency_limited', { next: 'wait', blame: 'nobody', outcome: 'refused' }],
  ['token_limited', { next: 'wait', blame: 'nobody', outcome: 'refused' }],
  ['out_of_credit', { next: 'next', blame: 'nobody', opens: 'account', alert: true }],
  ['bad_key', { next: 'other_key', blame: 'key', alert: true }],
  ['model_not_found', { next: 'next', blame: 'provider', opens: 'provider', alert: true }],
  ['refused', { next: 'plain', blame: 'photo', remember: true }],
  ['bad_answer', { next: 'repair', blame: 'provider' }],
  ['bad_request', { next: 'stop', blame: 'us', alert: true }],
])('what follows from %s', (failureClass, verdict) => {
  expect(verdicts[failureClass]).toMatchObject(verdict);
});
