import { VisionError } from '../errors.ts';
import type { VendorName } from './catalogue/catalogue.ts';
import { classOf } from './error-table.ts';
import type { TokenUsage } from './vision-model.ts';

/** Whose error codes a server speaks; what is merely compatible counts as OpenAI. */
export type Vendor = VendorName;

/** What is known of a call that failed at the vendor's end or on the way there. */
export interface Failure {
  readonly vendor?: Vendor;
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  /** Node's error code of a broken connection (`ECONNRESET`), or `timeout`. */
  readonly network?: string;
  /** Why a reply with status 200 holds no answer. */
  readonly unusable?: 'length' | 'content_filter' | 'refusal' | 'empty' | 'not_json' | 'too_large';
  /** The vendor's error object, whatever shape it came in. */
  readonly error?: VendorErrorBody;
  readonly headers?: Headers;
  /** A refused or cut reply is paid for too. */
  readonly usage?: TokenUsage;
}

export interface VendorErrorBody {
  readonly code?: string;
  readonly type?: string;
  /** The field of the request that it complains of. */
  readonly param?: string;
  /** For matching only: it may quote the key or the request, so it never leaves `vision/`. */
  readonly message?: string;
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
}

/** Reads `{error:{…}}` (OpenAI, DashScope, Anthropic), `{code, message}` (DashScope, gateways), or plain text. */
export function vendorErrorBody(text: string): VendorErrorBody {
  const parsed = parsedObject(text);
  if (parsed === undefined) return { message: text.slice(0, 500) };
  const { error } = parsed;
  if (typeof error === 'string') return { message: error.slice(0, 500) };
  const source = isObject(error) ? error : parsed;
  return {
    // Mistral's is an object.
    message: text.slice(0, 500),
    ...word('code', source.code),
    ...word('type', source.type),
    ...word('param', source.param),
    ...word('message', source.message),
  };
}

function word<Name extends string>(name: Name, value: unknown): { [Key in Name]?: string } {
  if (typeof value !== 'string' && typeof value !== 'number') return {};
  return { [name]: String(value).slice(0, 500) } as { [Key in Name]?: string };
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
