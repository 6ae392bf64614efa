import type { Failure, Vendor } from './vendor-error.ts';
import type { FailureClass } from './verdicts.ts';

/** All that is given must hold. */
export interface Row {
  readonly class: FailureClass;
  readonly vendor?: Vendor;
  /** A status, or the first and the last of a range. */
  readonly status?: number | readonly [number, number];
  /** Of the vendor's `code` or `type`. */
  readonly code?: RegExp;
  readonly message?: RegExp;
  /** Of the code of a broken connection. */
  readonly network?: RegExp;
  /** Of the reason why a reply holds no answer. */
  readonly unusable?: RegExp;
}

/**
 * What a failed call is; the first row that matches counts. Sources:
 * https://platform.openai.com/docs/guides/error-codes, https://www.alibabacloud.com/help/en/model-studio/error-code,
 * https://docs.anthropic.com/en/api/errors
 */
export const errorTable: readonly Row[] = [
  { class: 'refused', unusable: /^(refusal|content_filter)$/ },
  { class: 'bad_answer', unusable: /./ },
  { class: 'timeout', network: /^(timeout|ETIMEDOUT|UND_ERR_\w+_TIMEOUT)$/ },
  { class: 'transient', network: /./ },

  { class: 'refused', status: 400, code: /^data_?inspection_?failed$/i },
  { class: 'refused', status: 400, code: /^(content_filter|content_policy_violation|moderation_blocked)$/ },
  { class: 'refused', status: 400, vendor: 'anthropic', message: /content filtering policy/i },

  { class: 'out_of_credit', status: 400, code: /^Arrearage$/i },
  { class: 'out_of_credit', status: 400, vendor: 'anthropic', message: /credit balance is too low/i },
  { class: 'out_of_credit', status: 402 },
  { class: 'out_of_credit', status: 403, code: /^AllocationQuota\.FreeTierOnly$/i },

  // DashScope calls tokens per minute what OpenAI calls an empty purse.
  { class: 'token_limited', status: 429, code: /AllocationQuota/i },
  { class: 'token_limited', status: 429, vendor: 'dashscope', code: /^insufficient_quota$/ },
  { class: 'token_limited', status: 429, message: /tokens per min|allocated quota/i },
  { class: 'out_of_credit', status: 429, code: /^(insufficient_quota|billing_hard_limit_reached)$/ },
  { class: 'concurrency_limited', status: 429, code: /^50430$/ },
  { class: 'concurrency_limited', status: 429, message: /concurren/i },
  { class: 'rate_limited', status: 429 },

  { class: 'bad_key', status: 401 },
  { class: 'bad_key', status: 403 },
  { class: 'model_not_found', status: 404 },
  { class: 'model_not_found', status: 400, code: /^(model_?not_?found|model_not_supported)$/i },
  { class: 'transient', status: 408 },
  { class: 'transient', status: [500, 599] },
  { class: 'bad_request', status: [300, 499] },
];

export function classOf(failure: Failure): FailureClass {
  return rowOf(failure)?.class ?? 'internal';
}

/** The row that decides; undefined where none fits, which is our own fault. */
export function rowOf(failure: Failure): Row | undefined {
  return errorTable.find((row) => matches(row, failure));
}

function matches(row: Row, { status, vendor, error, network, unusable }: Failure): boolean {
  return (
    (row.status === undefined || isIn(row.status, status)) &&
    (row.vendor === undefined || row.vendor === vendor) &&
    holds(row.code, error?.code, error?.type) &&
    holds(row.message, error?.message) &&
    holds(row.network, network) &&
    holds(row.unusable, unusable)
  );
}

function isIn(range: number | readonly [number, number], status: number | undefined): boolean {
  if (status === undefined) return false;
  const [first, last] = typeof range === 'number' ? [range, range] : range;
  return status >= first && status <= last;
}

/** Without a pattern, or when one of the texts fits it. */
function holds(pattern: RegExp | undefined, ...texts: (string | undefined)[]): boolean {
  return pattern === undefined || texts.some((text) => text !== undefined && pattern.test(text));
}
