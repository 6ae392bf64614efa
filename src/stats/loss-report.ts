import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import { isRecent } from '../resilience/recent.ts';
import type { Metrics } from './metrics/metrics.ts';

/** Losses are logged at most that often, with their number. */
const reportEveryMs = 60_000;

/** Counts what was not written and logs it now and then. @returns to be called with how much was lost, and why */
export function openLossReport({
  metrics,
  log,
  now = Date.now,
}: {
  readonly metrics: Pick<Metrics, 'recordsLost'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}): (lost: number, error: unknown) => void {
  let unreported = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (lost, error) => {
    const isUnavailable = error instanceof AppError;
    metrics.recordsLost.inc({ reason: isUnavailable ? 'store_unavailable' : 'error' }, lost);
    unreported += lost;
    if (isRecent(reportedAt, reportEveryMs, now())) return;
    reportedAt = now();
    log.warn(
      { lost: unreported, reason: isUnavailable ? error.code : String(error) },
      'records of photos were lost',
    );
    unreported = 0;
  };
}
