import { inLanguage, type Message, type Text, textOf, verbatim } from './messages/text.ts';

/**
 * Every failure that a caller may see. `code` is public and never changes; `message` is one sentence a person
 * can act on and goes out as `detail`, so it never holds an exception's text, a path, a key or a photo.
 */
export abstract class AppError extends Error {
  // Private: a logger would write it beside the message, which says the same.
  readonly #text: Text;
  /** Stable, snake case. */
  abstract readonly code: string;
  /** HTTP status it is answered with. */
  abstract readonly status: number;
  /** Seconds a caller should wait, sent as `Retry-After`. */
  readonly retryAfterS?: number;

  constructor(message: Message, options?: ErrorOptions) {
    super(inLanguage('en', message), options);
    this.#text = textOf(message);
  }

  /** The sentence, in no language yet; `message` is English. */
  get text(): Text {
    return this.#text;
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/** 400: the request itself is malformed. */
export class BadRequestError extends AppError {
  readonly code: string;
  readonly status = 400;

  constructor(
    code:
      | 'invalid_request'
      | 'malformed_body'
      | 'missing_part'
      | 'invalid_hash'
      | 'too_many_items'
      | 'counts_differ',
    message: Message,
  ) {
    super(message);
    this.code = code;
  }
}

/** 401 without or with a wrong token, 403 where no token would help. */
export class AccessError extends AppError {
  readonly code: 'unauthorized' | 'forbidden';
  readonly status: 401 | 403;

  constructor(code: 'unauthorized' | 'forbidden', message: Message) {
    super(message);
    this.code = code;
    this.status = code === 'unauthorized' ? 401 : 403;
  }
}

/** 429: a caller's own quota. */
export class QuotaError extends AppError {
  readonly code = 'quota_exceeded';
  readonly status = 429;
  override readonly retryAfterS: number;

  constructor(message: Message, retryAfterS: number) {
    super(message);
    this.retryAfterS = retryAfterS;
  }
}

/** 404: no such route or thing. */
export class NotFoundError extends AppError {
  readonly code = 'not_found';
  readonly status = 404;
}

/** 408: the body comes too slowly to wait for its end. */
export class SlowUploadError extends AppError {
  readonly code = 'upload_too_slow';
  readonly status = 408;
}

/** 413: refused for its size before it is read to its end. */
export class TooLargeError extends AppError {
  readonly code: 'body_too_large' | 'file_too_large' | 'too_many_pixels';
  readonly status = 413;

  constructor(code: 'body_too_large' | 'file_too_large' | 'too_many_pixels', message: Message) {
    super(message);
    this.code = code;
  }
}

/** 415: the body is of a kind that the route does not read. */
export class MediaTypeError extends AppError {
  readonly code = 'unsupported_media_type';
  readonly status = 415;
}

/** The photo itself is at fault: no classifier, and no second try, can answer for it. */
export abstract class PhotoError extends AppError {}

/** 415: the bytes are no accepted image format. */
export class UnsupportedFormatError extends PhotoError {
  readonly code = 'unsupported_format';
  readonly status = 415;
}

/** 422: an accepted format that can't be decoded, or is cut short. */
export class UndecodableError extends PhotoError {
  readonly code: 'undecodable_image' | 'truncated_image' | 'refused_image';
  readonly status = 422;

  constructor(code: 'undecodable_image' | 'truncated_image' | 'refused_image', message: Message) {
    super(message);
    this.code = code;
  }
}

/** 413 for a photo whose pixels, not its bytes, are too many. */
export class TooManyPixelsError extends PhotoError {
  readonly code = 'too_many_pixels';
  readonly status = 413;
  /** What sets the limit, as in the environment; absent where no setting does. For operators, who are not the callers. */
  readonly setting?: string;

  constructor(message: Message, setting?: string) {
    super(message);
    if (setting !== undefined) this.setting = setting;
  }
}

/** 503: too much work at once, or no process left to do it. */
export class UnavailableError extends AppError {
  readonly code: 'overloaded' | 'no_classifier' | 'store_unavailable' | 'shutting_down';
  readonly status = 503;
  override readonly retryAfterS: number;

  constructor(
    code: 'overloaded' | 'no_classifier' | 'store_unavailable' | 'shutting_down',
    message: Message,
    retryAfterS = 5,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** Whether every classifier would fail alike: the photo is at fault, or there is no room to decode it. */
export function failsForAll(error: unknown): boolean {
  return error instanceof PhotoError || (error instanceof UnavailableError && error.code === 'overloaded');
}

/** 504: the request's deadline passed and nothing could answer before it. */
export class DeadlineError extends AppError {
  readonly code = 'deadline_passed';
  readonly status = 504;

  constructor(
    message: Message = 'The deadline passed before the photo could be classified; send it again later.',
  ) {
    super(message);
  }
}

/**
 * A vision model could not answer. Never reaches a caller where a local model can answer instead.
 * `reason` is a short class for logs and counters.
 */
export class VisionError extends AppError {
  readonly code = 'no_classifier';
  readonly status = 503;
  override readonly retryAfterS = 30;
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super('The vision model could not answer; try again later.', options);
    this.reason = reason;
  }
}

/** 499: the connection closed before the answer was sent. Only records and logs show it. */
export class DisconnectError extends AppError {
  readonly code = 'client_gone';
  readonly status = 499;

  constructor() {
    super('The client closed the connection before its answer.');
  }
}

/** A setting, or a file that a setting names, that can't be used. Its sentence is for the operator. */
export class SetupError extends Error {
  // Private: a logger would write it beside the message, which says the same.
  readonly #text: Text;

  constructor(message: Message, options?: ErrorOptions) {
    super(inLanguage('en', message), options);
    this.#text = textOf(message);
  }

  get text(): Text {
    return this.#text;
  }

  /** Of any error that is the setup's fault; foreign errors stay in their own words. */
  static textOf(error: unknown): Text {
    return error instanceof SetupError ? error.text : verbatim((error as Error).message);
  }
}
