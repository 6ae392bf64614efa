import { VisionError } from '../../errors.ts';
import type { FailureClass } from '../calls/failure-policy.ts';
import type { VendorName } from '../catalogue/catalogue.ts';
import type { VendorErrorBody } from './error-body.ts';
import * as words from './error-words.ts';
import type { TokenUsage } from './vision-model.ts';

/** Whose error codes a server speaks; what is merely compatible counts as OpenAI. */
export type Vendor = VendorName;

/** Why a reply holds no answer. */
export type Unusable =
  | 'refusal'
  | 'content_filter'
  | 'cut_at_token_limit'
  | 'no_text'
  | 'only_reasoning'
  | 'not_json'
  | 'too_large'
  | 'text_too_long'
  | 'no_json_object'
  | 'several_json_objects'
  | 'unknown_category'
  | 'invalid_confidence'
  | 'invalid_description';

/** What is known of a call that failed at the vendor's end or on the way there. */
export interface Failure {
  readonly vendor?: Vendor;
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  /** Node's error code of a broken connection (`ECONNRESET`), or `timeout`. */
  readonly network?: string;
  readonly unusable?: Unusable;
  /** Of an error with status 200 as well: gateways report an upstream's failure so. */
  readonly error?: VendorErrorBody;
  readonly headers?: Headers;
  /** A refused or cut reply is paid for too. */
  readonly usage?: TokenUsage;
}

/** What may be logged of a failure: numbers, codes and fixed words. */
export interface FailureSummary {
  readonly status?: number;
  /** The vendor's own, or that of a broken connection. */
  readonly code?: string;
  /** Why a reply could not be used. */
  readonly unusable?: Unusable;
}

/** A failed call with what is known of it, kept where no logger and no serializer finds it. */
export class VendorError extends VisionError {
  readonly #failure: Failure;

  constructor(failure: Failure) {
    super(classOf(failure));
    this.#failure = failure;
  }

  get failure(): Failure {
    return this.#failure;
  }

  get summary(): FailureSummary {
    const { status, network, unusable, error } = this.#failure;
    const isTold = (one: string) => /^[A-Za-z0-9][\w.-]{0,60}$/.test(one) && one !== String(status);
    const code = network ?? error?.codes.find(isTold);
    return {
      ...(status !== undefined && { status }),
      ...(code !== undefined && { code }),
      ...(unusable !== undefined && { unusable }),
    };
  }
}

/** A reply that was paid for and can't be used. */
export function unusableReply(unusable: Unusable, usage?: TokenUsage): VendorError {
  return new VendorError({ status: 200, unusable, ...(usage && { usage }) });
}

/** All that is given must hold. */
export interface Row {
  readonly class: FailureClass;
  readonly vendor?: Vendor;
  /** An HTTP status, or the first and the last of a range. A code that is one counts as well. */
  readonly status?: number | readonly [number, number];
  /** Of one of the vendor's codes. */
  readonly code?: RegExp;
  /** Of its codes and sentences together. */
  readonly says?: RegExp;
  /** Of the code of a broken connection. */
  readonly network?: RegExp;
  /** Of the reason why a reply holds no answer. */
  readonly unusable?: RegExp;
}

/**
 * What a failed call is; the first row that matches counts. What a vendor says goes before its status: gateways and
 * vendors disagree about statuses, far less about words. Sources: https://platform.openai.com/docs/guides/error-codes,
 * https://www.alibabacloud.com/help/en/model-studio/error-code, https://docs.anthropic.com/en/api/errors
 */
export const errorTable: readonly Row[] = [
  { class: 'refused', unusable: /^(refusal|content_filter)$/ },
  { class: 'bad_answer', unusable: /./ },
  { class: 'timeout', network: /^(timeout|ETIMEDOUT|UND_ERR_\w+_TIMEOUT)$/ },
  { class: 'network', network: /./ },

  { class: 'concurrency_limited', code: /^50430$/ },
  // DashScope calls tokens per minute what OpenAI calls an empty purse.
  { class: 'rate_limited', vendor: 'dashscope', code: /^insufficient_quota$/ },
  { class: 'out_of_credit', vendor: 'zhipu', code: /^1113$/ },
  { class: 'out_of_credit', says: words.noCredit },
  { class: 'bad_key', says: words.blockedAccount },
  { class: 'refused', vendor: 'zhipu', code: /^1301$/ },
  { class: 'refused', code: /^(image_)?safety$/i },
  { class: 'refused', says: words.refusedContent },

  { class: 'bad_key', says: words.badKey },
  { class: 'bad_key', vendor: 'zhipu', code: /^(100[0-4]|1112)$/ },
  { class: 'out_of_credit', vendor: 'gemini', code: /^FAILED_PRECONDITION$/ },
  { class: 'out_of_credit', status: 402 },

  { class: 'concurrency_limited', says: words.tooManyAtOnce },
  { class: 'rate_limited', status: 429, says: words.overload },
  { class: 'overloaded', says: words.overload },
  { class: 'rate_limited', says: words.tooFast },

  { class: 'unusable_model', vendor: 'zhipu', code: /^1211$/ },
  { class: 'unusable_model', says: words.unusableModel },
  { class: 'unusable_model', says: words.noVision },
  { class: 'rate_limited', status: 429 },
  { class: 'unusable_model', status: 404 },
  { class: 'unusable_model', status: 410 },

  { class: 'bad_key', status: 401 },
  // A 403 that says something else may be about the photo.
  { class: 'bad_key', status: 403, says: words.noAccess },

  { class: 'overloaded', status: 503 },
  { class: 'overloaded', status: 529 },
  { class: 'server_error', status: 408 },
  { class: 'server_error', status: [500, 599] },
  { class: 'bad_request', status: [300, 499] },
  { class: 'bad_request', status: 200, says: words.badRequest },
  { class: 'server_error', status: 200, says: /./ },
];

export function classOf(failure: Failure): FailureClass {
  return rowOf(failure)?.class ?? 'internal';
}

/** The row that decides; undefined where none fits, which is our own fault. */
export function rowOf(failure: Failure): Row | undefined {
  return errorTable.find((row) => matches(row, failure));
}

function matches(row: Row, { status, vendor, error, network, unusable }: Failure): boolean {
  const { codes = [], message = '' } = error ?? {};
  return (
    (row.status === undefined || [status, ...codes.map(Number)].some((one) => isIn(row.status, one))) &&
    (row.vendor === undefined || row.vendor === vendor) &&
    (row.code === undefined || codes.some((code) => row.code?.test(code))) &&
    (row.says === undefined || (error !== undefined && row.says.test([...codes, message].join('\n')))) &&
    holds(row.network, network) &&
    holds(row.unusable, unusable)
  );
}

function isIn(range: Row['status'], status: number | undefined): boolean {
  if (status === undefined || range === undefined) return false;
  const [first, last] = typeof range === 'number' ? [range, range] : range;
  return status >= first && status <= last;
}

function holds(pattern: RegExp | undefined, text: string | undefined): boolean {
  return pattern === undefined || (text !== undefined && pattern.test(text));
}
