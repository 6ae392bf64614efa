import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latencyOf, percentileError } from '../../src/stats/latency.ts';
import { bucketCount, bucketOf, rangeOf } from '../../src/store/reports/duration-buckets.ts';
import { propertyRuns } from '../support/property-runs.ts';

function bucketed(durations: readonly number[]) {
  const counts = new Array<number>(bucketCount).fill(0);
  for (const duration of durations) {
    const bucket = bucketOf(duration);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const buckets = counts.flatMap((n, bucket) => (n === 0 ? [] : [{ ...rangeOf(bucket), n }]));
  return { n: durations.length, sumMs: durations.reduce((a, b) => a + b, 0), buckets };
}

test('every whole millisecond lies in the range of its bucket, and ranges follow one another', () => {
  for (let ms = 0; ms < 100_000; ms += ms < 1000 ? 1 : 37) {
    const { fromMs, toMs } = rangeOf(bucketOf(ms));
    expect(fromMs <= ms && ms <= toMs).toBe(true);
  }
  for (let bucket = 1; bucket < bucketCount; bucket += 1)
    expect(rangeOf(bucket).fromMs).toBe(rangeOf(bucket - 1).toMs + 1);
});

test('percentiles are within their error of the exact ones, and exact up to 10 ms', () => {
  const duration = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 85_000 }));
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), (durations) => {
      const sorted = [...durations].sort((a, b) => a - b);
      const report = latencyOf([bucketed(durations)]);
      expect(report.count).toBe(durations.length);
      expect(report.mean).toBe(Math.round(sorted.reduce((a, b) => a + b, 0) / sorted.length));
      for (const [reported, share] of [
        [report.p50, 0.5],
        [report.p95, 0.95],
        [report.p99, 0.99],
      ] as const) {
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        expect(Math.abs(reported - exact)).toBeLessThanOrEqual(exact <= 10 ? 0 : exact * percentileError);
      }
    }),
    propertyRuns(100),
  );
});

test('durations of several outcomes are added up', () => {
  const { count, p50, p99 } = latencyOf([bucketed([1, 2, 3]), bucketed([3, 4, 5])]);
  expect([count, p50, p99]).toEqual([6, 3, 5]);
  expect(latencyOf([])).toEqual({ count: 0, mean: 0, p50: 0, p95: 0, p99: 0 });
});
