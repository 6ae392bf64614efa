import { VisionError } from '../../errors.ts';
import type { VendorName } from '../catalogue/catalogue.ts';
import type { VendorErrorBody } from './error-body.ts';
import { classOf } from './error-table.ts';
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
