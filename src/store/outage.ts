import { UnavailableError } from '../errors.ts';
import { timerAfterIo } from '../resilience/timer-after-io.ts';

/**
 * The store can't be used at the moment: unreachable, hung, locked, full or read-only. Drivers throw it for these
 * causes alone: the rows are not at fault.
 * @param reason for logs, as `cause`; the message, which callers see, names no host and no user
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

/**
 * Another process holds a lock for longer than a statement waits, such as one that rewrites a whole SQLite file. Callers
 * see an outage; but reads go on, so the store does not count as down.
 */
class LockTimeout extends Error {}

export function lockTimeout(reason: string): UnavailableError {
  const error = outage(reason);
  error.cause = new LockTimeout(reason);
  return error;
}

export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof LockTimeout;
}

export function isOutage(error: unknown): error is UnavailableError {
  return error instanceof UnavailableError && error.code === 'store_unavailable';
}

/** For a log line: the reason of an outage, the message of another error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isOutage(error) && error.cause instanceof Error ? error.cause.message : error.message;
}

/**
 * The database rejected a statement: a row breaks a constraint, or the SQL is wrong. Holds the driver's code and
 * sentence, never the statement, which holds users' rows.
 */
export class StatementError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'StatementError';
    this.code = code;
  }
}

/** Settles as `work` does, or rejects with an outage after `limitMs`. */
export async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let stopTimer = () => {};
  const late = new Promise<never>((_, reject) => {
    stopTimer = timerAfterIo(() => reject(outage(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stopTimer();
  }
}
