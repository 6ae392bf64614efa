import { hourMs, minuteMs } from '../../durations.ts';
import type { ReportRow } from './dialect.ts';
import { bucketCount, rangeOf } from './duration-buckets.ts';
import type { DurationBucket, RollupSpan } from './report-store.ts';
import { levels } from './rollup.ts';

const bucketNames = Array.from({ length: bucketCount }, (_, index) => `b${index}`);

/** All buckets as one text: sixty columns of a row take longer to pass on than to read. */
export function countsSql(sum: (column: string) => string): string {
  return `CONCAT_WS(',', ${bucketNames.map(sum).join(', ')})`;
}

export const spanSql = 'level = ? AND at_ms >= ? AND at_ms < ?';

export function spanValues({ level, from, to }: RollupSpan): readonly number[] {
  return [levels[level], from, to];
}

const unitMs = { minute: minuteMs, hour: hourMs, day: 1 } as const;

/** A step that is one row needs no sum, which saves half of the time. */
export function summing({ level, from, stepMs }: RollupSpan) {
  if (stepMs === 1 || (stepMs === unitMs[level] && from % stepMs === 0))
    return { step: 'at_ms', sum: (column: string) => column, group: '' };
  return {
    step: stepMs === 0 ? '?' : 'at_ms - (at_ms - ?) % ?',
    sum: (column: string) => `SUM(${column})`,
    group: 'GROUP BY step, topic, name',
  };
}

/** Of what `step` has in it. */
export function stepValues(span: RollupSpan): readonly number[] {
  if (summing(span).group === '') return [];
  return span.stepMs === 0 ? [span.from] : [span.from, span.stepMs];
}

const ranges = bucketNames.map((_, bucket) => rangeOf(bucket));

export function bucketsOf(counts: string): readonly DurationBucket[] {
  const buckets: DurationBucket[] = [];
  for (const [bucket, count] of counts.split(',').entries()) {
    const range = ranges[bucket];
    // Most are empty, and there are thousands of rows.
    if (count !== '0' && range) buckets.push({ ...range, n: Number(count) });
  }
  return buckets;
}

export function amongSql(column: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `AND ${column} IN (${values.map(() => '?').join(', ')})`;
}

export function headOf(row: ReportRow): { at: number; topic: string; name: string } {
  return { at: Number(row.step), topic: String(row.topic), name: String(row.name) };
}
