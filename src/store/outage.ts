import { UnavailableError } from '../errors.ts';
import { patientTimer } from '../resilience/patient-timer.ts';

/**
 * The store can't be used at the moment: unreachable, hung, locked, full or read-only. Drivers throw it for nothing
 * else, so that whoever sees one knows that the rows themselves are innocent.
 * @param reason for logs, as `cause`; the message, which goes out to callers, names no host and no user
 */
export function outage(reason: string): UnavailableError {
  return new UnavailableError(
    'store_unavailable',
    'The store cannot be used at the moment; try again later.',
    5,
    {
      cause: new Error(reason),
    },
  );
}

export function isOutage(error: unknown): error is UnavailableError {
  return error instanceof UnavailableError && error.code === 'store_unavailable';
}

/** What happened, for a log line: the reason of an outage, the message of anything else. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isOutage(error) && error.cause instanceof Error ? error.cause.message : error.message;
}

/**
 * The store works and refused a statement: a row breaks a constraint, or the SQL is wrong. Holds the driver's code
 * and sentence, never the statement, which has people's rows in it.
 */
export class StatementError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'StatementError';
    this.code = code;
  }
}

/** Settles as `work` does, or rejects with an outage after `limitMs`; what comes later is ignored. */
export async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let stopTimer = () => {};
  const late = new Promise<never>((_, reject) => {
    stopTimer = patientTimer(() => reject(outage(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stopTimer();
  }
}
