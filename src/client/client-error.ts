/** Why a photo, or a whole request, got no answer. */
export class ClientError extends Error {
  /** Stable, snake case: the service's own, or `unreachable`, `timeout`, `unreadable`, `bad_answer`. */
  readonly code: string;
  /** HTTP status, 0 where none came. */
  readonly status: number;
  /** Worth sending again later. */
  readonly isRetryable: boolean;
  /** How long the service asks to wait before that. */
  readonly retryAfterMs: number;

  constructor(
    code: string,
    message: string,
    { status = 0, retryAfterMs = 0, isRetryable = retryable(code, status) } = {},
  ) {
    super(message);
    this.name = 'ClientError';
    this.code = code;
    this.status = status;
    this.isRetryable = isRetryable;
    this.retryAfterMs = retryAfterMs;
  }
}

const retryableStatuses = [408, 429, 502, 503, 504];
const retryableCodes = ['unreachable', 'timeout', 'overloaded', 'no_classifier', 'store_unavailable'];
const moreRetryableCodes = ['shutting_down', 'deadline_passed', 'internal_error'];

function retryable(code: string, status: number): boolean {
  return retryableStatuses.includes(status) || [...retryableCodes, ...moreRetryableCodes].includes(code);
}

/** Whatever was thrown, as the one class that callers see. */
export function clientErrorOf(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError('unreadable', error instanceof Error ? error.message : String(error));
}
