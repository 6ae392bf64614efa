import type { Allowance } from '../resilience/rate-limit.ts';

/** Longest wait that is believed: a clock that is wrong by a day must not silence a provider for one. */
const maxWaitMs = 3_600_000;

/** Header that says what is left → header that says when it is full again, of requests and of tokens. */
const requestResets = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
] as const;
const resets = [
  ...requestResets,
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-reset'],
  ['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset'],
] as const;

/**
 * How long a vendor asks us to stay away, in milliseconds; 0 where it says nothing.
 * `retry-after-ms`, else `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), else the resets of what is used up.
 */
export function vendorWaitMs(headers: Headers | undefined, now: number = Date.now()): number {
  if (headers === undefined) return 0;
  const asked =
    milliseconds(headers.get('retry-after-ms'), 1) ??
    milliseconds(headers.get('retry-after'), 1_000) ??
    untilDate(headers.get('retry-after'), now) ??
    Math.max(0, ...resets.map(([left, reset]) => resetMs(headers.get(left), headers.get(reset), now)));
  return Math.min(maxWaitMs, Math.max(0, asked));
}

/** Longest that a vendor is left alone which has refused nothing. */
const maxPrecautionMs = 60_000;

/** How many more calls the headers of an answer allow until when; undefined where they say nothing of that. */
export function allowanceOf(headers: Headers, now: number = Date.now()): Allowance | undefined {
  let tightest: Allowance | undefined;
  for (const [left, reset] of requestResets) {
    const remaining = Number(headers.get(left) ?? Number.NaN);
    const resetMs = Math.min(maxPrecautionMs, Math.max(0, waitUntil(headers.get(reset), now) ?? 0));
    if (resetMs > 0 && remaining < (tightest?.remaining ?? Number.POSITIVE_INFINITY))
      tightest = { remaining, resetMs };
  }
  return tightest;
}

function milliseconds(text: string | null, unitMs: number): number | undefined {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * unitMs : undefined;
}

function untilDate(text: string | null, now: number): number | undefined {
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at - now;
}

function resetMs(left: string | null, reset: string | null, now: number): number {
  return left === null || Number(left) > 0 ? 0 : (waitUntil(reset, now) ?? 0);
}

/** A duration, seconds, a date, or seconds since 1970. */
function waitUntil(reset: string | null, now: number): number | undefined {
  if (reset === null) return undefined;
  const plainMs = milliseconds(reset, 1_000);
  if (plainMs !== undefined && plainMs > now / 2) return plainMs - now;
  return durationMs(reset) ?? plainMs ?? untilDate(reset, now);
}

const unitsMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** OpenAI's way to write a duration: `6m0s`, `1.2s`, `120ms`. */
function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
    sum += Number(amount) * unitsMs[unit as keyof typeof unitsMs];
  return sum;
}
