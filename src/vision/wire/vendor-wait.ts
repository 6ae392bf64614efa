import { minuteMs } from '../../durations.ts';
import type { Allowance } from '../../resilience/rate-limit.ts';

/** Longest wait that is believed. */
const maxWaitMs = 3_600_000;

/** Headers that say how many requests are left, when that is as many as ever, and how many that is. */
const requests = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests', 'x-ratelimit-limit-requests'],
  [
    'anthropic-ratelimit-requests-remaining',
    'anthropic-ratelimit-requests-reset',
    'anthropic-ratelimit-requests-limit',
  ],
] as const;
/** Headers that say what is left and when that is as much as ever. */
const resets = [
  ...requests,
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-reset'],
  ['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset'],
] as const;

/**
 * How long a vendor asks us to stay away, in milliseconds; 0 where it says nothing.
 * `retry-after-ms`, else `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), else the resets of what is used up.
 */
export function vendorWaitMs(headers: Headers | undefined, ownNow: number = Date.now()): number {
  if (headers === undefined) return 0;
  const now = vendorNow(headers, ownNow);
  const asked =
    milliseconds(headers.get('retry-after-ms'), 1) ??
    milliseconds(headers.get('retry-after'), 1_000) ??
    untilDate(headers.get('retry-after'), now) ??
    Math.max(0, ...resets.map(([left, reset]) => resetMs(headers.get(left), headers.get(reset), now)));
  return Math.min(maxWaitMs, Math.max(0, asked));
}

/** What the headers of an answer, or of a refusal, say of the vendor's rate; undefined where that is nothing. */
export function allowanceOf(
  headers: Headers | undefined,
  isRefusal: boolean,
  ownNow: number = Date.now(),
): Allowance | undefined {
  const now = vendorNow(headers, ownNow);
  const stated = requests.flatMap(([left, reset, limit]): Allowance[] => {
    const remaining = Number(headers?.get(left) ?? Number.NaN);
    const resetMs = Math.min(maxWaitMs, waitUntil(headers?.get(reset) ?? null, now) ?? 0);
    if (!(remaining >= 0 && resetMs > 0)) return [];
    const most = Number(headers?.get(limit));
    return [{ remaining, resetMs, ...(most > 0 && { limit: most }) }];
  });
  const [tightest] = stated.sort((one, other) => one.remaining - other.remaining);
  if (!isRefusal) return tightest;
  const resetMs = vendorWaitMs(headers, now);
  return resetMs > 0 ? { ...tightest, remaining: 0, resetMs } : undefined;
}

/** The vendor's clock, in whole seconds, where ours differs from it: one of the two is wrong. */
function vendorNow(headers: Headers | undefined, ownNow: number): number {
  const date = Date.parse(headers?.get('date') ?? '');
  return Math.abs(date - ownNow) > minuteMs ? date : ownNow;
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
