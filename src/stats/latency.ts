import type { DurationBucket, DurationSum } from '../store/reports/report-store.ts';

/** Milliseconds; the mean is exact, percentiles are off by less than `percentileError`, and exact up to 10 ms. */
export interface LatencyReport {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** How far a percentile from the store's buckets may be off, as a share of itself, up to 85 s. */
export const percentileError = 0.11;

export function latencyOf(durations: readonly Pick<DurationSum, 'n' | 'sumMs' | 'buckets'>[]): LatencyReport {
  const count = durations.reduce((sum, { n }) => sum + n, 0);
  const totalMs = durations.reduce((sum, { sumMs }) => sum + sumMs, 0);
  const buckets = durations.flatMap((one) => one.buckets).sort((a, b) => a.fromMs - b.fromMs);
  return {
    count,
    mean: count === 0 ? 0 : Math.round(totalMs / count),
    p50: percentileOf(buckets, 0.5),
    p95: percentileOf(buckets, 0.95),
    p99: percentileOf(buckets, 0.99),
  };
}

/**
 * The duration at or below which that share of what was counted stayed (nearest rank): the geometric middle of its
 * bucket; of the last one its beginning.
 * @param buckets in ascending order
 * @param share in (0, 1]
 * @returns 0 where nothing was counted
 */
function percentileOf(buckets: readonly DurationBucket[], share: number): number {
  let rank = Math.ceil(share * buckets.reduce((sum, { n }) => sum + n, 0));
  for (const { fromMs, toMs, n } of buckets) {
    rank -= n;
    if (rank <= 0) return toMs === Number.POSITIVE_INFINITY ? fromMs : Math.round(Math.sqrt(fromMs * toMs));
  }
  return 0;
}
