import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policyOf } from '../../src/vision/calls/failure-policy.ts';
import { vendorErrorBody } from '../../src/vision/wire/error-body.ts';
import { classOf, errorTable, rowOf } from '../../src/vision/wire/vendor-error.ts';
import { vendorErrors } from '../support/vendor-errors.ts';
import { type Said, vendorSentences } from '../support/vendor-sentences.ts';

const kinds: readonly (readonly [string, readonly Said[]])[] = Object.entries(vendorSentences);

/** The forms in which errors come. */
const forms: Readonly<Record<string, (code: unknown, message: string) => unknown>> = {
  OpenAI: (code, message) => ({ error: { message, type: null, param: null, code } }),
  'a type': (type, message) => ({ type: 'error', error: { type, message }, request_id: 'r' }),
  'a list': (code, message) => [{ error: { code, message } }],
  bare: (code, message) => ({ code, message, request_id: 'r' }),
  'a status': (status, message) => ({ error: { status, message, details: [] } }),
  'msg and success': (code, msg) => ({ code, msg, success: false }),
  'a message in a message': (code, message) => ({ message: { error: { code, message } } }),
  'JSON as text': (code, message) => ({
    error: { message: JSON.stringify({ error: { code, message } }), code: null },
  }),
  'a provider’s own words': (code, message) => ({
    error: { message: 'Provider returned error', metadata: { raw: JSON.stringify({ code, message }) } },
  }),
  FastAPI: (code, message) => ({ detail: { code, message } }),
  'a list of details': (code, msg) => ({
    detail: [{ loc: ['body'], type: code, msg, input: { type: 'x' } }],
  }),
};

function kindOf([status, code, message, vendor]: Said, form: keyof typeof forms) {
  const error = vendorErrorBody(JSON.stringify(forms[form]?.(code, message)));
  return classOf({ status, error, ...(vendor && { vendor }) });
}

describe.each(Object.keys(forms))('in the form of %s', (form) => {
  test.each(kinds)('%s', (kind, sayings) => {
    const wrong = sayings.filter((said) => kindOf(said, form) !== kind);
    expect(wrong.map((said) => [...said, kindOf(said, form)])).toEqual([]);
  });
});

test('as plain text, or in words of their own, they mean the same where they say so', () => {
  const plain = (status: number, text: string) => classOf({ status, error: vendorErrorBody(text) });
  expect(plain(400, 'Content Exists Risk')).toBe('refused');
  expect(plain(404, 'Not Found')).toBe('unusable_model');
  expect(plain(403, '')).toBe('bad_key');
  expect(plain(500, '{"detail":"Invalid API key"}')).toBe('bad_key');
  expect(plain(400, '{"error":"Budget has been exceeded"}')).toBe('out_of_credit');
  expect(plain(400, '{"oops":"the model was retired"}')).toBe('unusable_model');
  expect(plain(500, 'data: {"error":{"code":429}}\n\ndata: [DONE]\n\n')).toBe('rate_limited');
});

test('the words of a web page say nothing', () => {
  const page = '<html><body>Your account has been suspended. API key invalid. Flagged.</body></html>';
  expect(classOf({ status: 413, error: vendorErrorBody(page) })).toBe('bad_request');
  expect(classOf({ status: 502, error: vendorErrorBody(page) })).toBe('server_error');
  expect(classOf({ status: 403, error: vendorErrorBody(page) })).toBe('bad_key');
});

test('what the vendor echoes of a request says nothing either', () => {
  const body = {
    detail: [{ loc: ['body', 'seed'], msg: 'not here', input: { message: 'flagged', code: 50430 } }],
  };
  const error = vendorErrorBody(JSON.stringify(body));
  expect(error).toEqual({ codes: [], param: 'body.seed', message: 'not here' });
  expect(classOf({ status: 422, error })).toBe('bad_request');
});

test('a flagged input is a refusal without a word about it', () => {
  const error = { code: 403, message: 'Forbidden', metadata: { reasons: ['x'], flagged_input: 'image' } };
  expect(classOf({ status: 403, error: vendorErrorBody(JSON.stringify({ error })) })).toBe('refused');
});

test('whatever a body holds has a class, and a class for which something follows', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), fc.integer({ min: 100, max: 599 }), (text, status) => {
      const error = vendorErrorBody(text);
      expect(error.message?.length ?? 0).toBeLessThanOrEqual(1_000);
      expect(policyOf(classOf({ status, error })).next).not.toBe('stop');
    }),
  );
});

test('every row is the first that fits for one of the cases', () => {
  const failures = [
    ...Object.values(vendorSentences)
      .flat()
      .map(([status, code, message, vendor]: Said) => ({ status, code, message, vendor })),
  ].map(({ status, code, message, vendor }) => ({
    status,
    error: vendorErrorBody(JSON.stringify({ code, message })),
    ...(vendor && { vendor }),
  }));
  const pages = [402, 413, 503, 529].map((status) => ({ status, error: vendorErrorBody('<html>') }));
  const others = [
    { network: 'timeout' },
    { network: 'ECONNRESET' },
    { status: 200, unusable: 'refusal' as const },
    { status: 200, unusable: 'no_text' as const },
  ];
  const bare = Object.values(vendorErrors.openai).map(({ status }) => ({ status, error: { codes: [] } }));
  const reached = new Set([...failures, ...pages, ...others, ...bare].map(rowOf));
  expect(errorTable.filter((row) => !reached.has(row))).toEqual([]);
});
