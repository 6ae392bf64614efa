import { expect, test } from 'vitest';
import { allowanceOf, vendorWaitMs } from '../../src/vision/wire/vendor-wait.ts';

const now = Date.UTC(2026, 10, 22, 12, 0, 0);

test.each<[string, Record<string, string>, number]>([
  ['seconds', { 'retry-after': '7' }, 7_000],
  ['a fraction of a second', { 'retry-after': '0.25' }, 250],
  ['milliseconds, which win over seconds', { 'retry-after-ms': '120', 'retry-after': '1' }, 120],
  ['a date', { 'retry-after': 'Sun, 22 Nov 2026 12:00:09 GMT' }, 9_000],
  [
    'a date, by the clock of a vendor whose day is another',
    { date: 'Mon, 23 Nov 2026 12:00:00 GMT', 'retry-after': 'Mon, 23 Nov 2026 12:00:09 GMT' },
    9_000,
  ],
  [
    'a date, by our own clock where the two agree',
    { date: 'Sun, 22 Nov 2026 11:59:59 GMT', 'retry-after': 'Sun, 22 Nov 2026 12:00:09 GMT' },
    9_000,
  ],
  ['a date that has passed', { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
  ['words', { 'retry-after': 'soon' }, 0],
  ['a day', { 'retry-after': '86400' }, 3_600_000],
  [
    'the reset of requests that are used up',
    { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m2.5s' },
    62_500,
  ],
  [
    'the reset of tokens that are not',
    { 'x-ratelimit-remaining-tokens': '900', 'x-ratelimit-reset-tokens': '1m0s' },
    0,
  ],
  [
    'the later of two resets',
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6s',
    },
    6_000,
  ],
  [
    "Anthropic's date",
    {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-22T12:00:03Z',
    },
    3_000,
  ],
  ['nothing', {}, 0],
])('a vendor may ask for a wait in %s', (_, headers, expectedMs) => {
  expect(vendorWaitMs(new Headers(headers), now)).toBe(expectedMs);
});

test('a connection that broke asks for nothing', () => {
  expect(vendorWaitMs(undefined)).toBe(0);
});

test.each<[string, Record<string, string>, boolean, ReturnType<typeof allowanceOf>]>([
  [
    'OpenAI',
    {
      'x-ratelimit-remaining-requests': '7',
      'x-ratelimit-reset-requests': '6s',
      'x-ratelimit-limit-requests': '10',
    },
    false,
    { remaining: 7, resetMs: 6_000, limit: 10 },
  ],
  [
    'Anthropic',
    {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-22T12:00:03Z',
      'anthropic-ratelimit-requests-limit': '50',
    },
    false,
    { remaining: 0, resetMs: 3_000, limit: 50 },
  ],
  [
    'one that counts seconds since 1970',
    {
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': String(now / 1_000 + 5),
    },
    false,
    { remaining: 1, resetMs: 5_000 },
  ],
  [
    'one that refuses and says for how long',
    { 'retry-after': '2', 'x-ratelimit-limit-requests': '10' },
    true,
    { remaining: 0, resetMs: 2_000 },
  ],
  ['one that refuses and says nothing', {}, true, undefined],
  ['one that answers and says nothing', { 'retry-after': '2' }, false, undefined],
  [
    'one with headers of another kind',
    { 'x-ratelimit-remaining-requests': 'many', 'x-ratelimit-reset-requests': '6s' },
    false,
    undefined,
  ],
])('what %s states of its rate', (_, headers, isRefusal, expected) => {
  expect(allowanceOf(new Headers(headers), isRefusal, now)).toEqual(expected);
});
