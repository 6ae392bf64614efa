import { bucketCount } from '../reports/duration-buckets.ts';
import type { RollupRows } from '../reports/rollup.ts';
import type { Prepare } from './database.ts';

const buckets = Array.from({ length: bucketCount }, (_, index) => `b${index}`);

const usersSql = upsertSql(
  'day_users',
  ['day_ms', 'claimant', 'user_id', 'requests', 'photos', 'hits', 'failed', 'first_at_ms', 'last_at_ms'],
  'day_ms, claimant',
  `${sumOf(['requests', 'photos', 'hits', 'failed'])}, first_at_ms = min(first_at_ms, excluded.first_at_ms),
    last_at_ms = max(last_at_ms, excluded.last_at_ms)`,
);

const durationsSql = upsertSql(
  'duration_tallies',
  ['level', 'at_ms', 'topic', 'name', 'n', 'sum_ms', ...buckets],
  'level, at_ms, topic, name',
  sumOf(['n', 'sum_ms', ...buckets]),
);

const talliesSql = upsertSql(
  'tallies',
  ['level', 'at_ms', 'topic', 'name', 'n', 'amount'],
  'level, at_ms, topic, name',
  sumOf(['n', 'amount']),
);

/** Within the transaction of the records. */
export function addRollups(prepared: Prepare, { tallies, durations, users }: RollupRows): void {
  for (const [sql, rows] of [
    [usersSql, users],
    [durationsSql, durations],
    [talliesSql, tallies],
  ] as const)
    if (rows.length > 0) prepared(sql).run(JSON.stringify(rows));
}

function upsertSql(table: string, columns: readonly string[], key: string, update: string): string {
  const values = columns.map((column, index) =>
    column === 'claimant' ? `unhex(j.value ->> ${index})` : `j.value ->> ${index}`,
  );
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM json_each(?) j WHERE true
    ON CONFLICT (${key}) DO UPDATE SET ${update}`;
}

function sumOf(columns: readonly string[]): string {
  return columns.map((column) => `${column} = ${column} + excluded.${column}`).join(', ');
}
