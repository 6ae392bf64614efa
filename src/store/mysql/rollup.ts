import { bucketCount } from '../reports/duration-buckets.ts';
import type { RollupRows } from '../reports/rollup.ts';
import type { MysqlQuery } from './connection.ts';

const buckets = Array.from({ length: bucketCount }, (_, index) => `b${index}`);

const usersSql = `INSERT INTO day_users
  (day_ms, claimant, user_id, requests, photos, hits, failed, first_at_ms, last_at_ms) VALUES ?
  ON DUPLICATE KEY UPDATE ${sumOf(['requests', 'photos', 'hits', 'failed'])},
    first_at_ms = LEAST(first_at_ms, VALUES(first_at_ms)), last_at_ms = GREATEST(last_at_ms, VALUES(last_at_ms))`;

const durationsSql = `INSERT INTO duration_tallies
  (level, at_ms, topic, name, n, sum_ms, ${buckets.join(', ')}) VALUES ?
  ON DUPLICATE KEY UPDATE ${sumOf(['n', 'sum_ms', ...buckets])}`;

const talliesSql = `INSERT INTO tallies (level, at_ms, topic, name, n, amount) VALUES ?
  ON DUPLICATE KEY UPDATE ${sumOf(['n', 'amount'])}`;

/** Within the transaction of the records. Rows that all processes add to come last: their locks last the shortest. */
export async function addRollups(
  query: MysqlQuery,
  { tallies, durations, users }: RollupRows,
): Promise<void> {
  if (users.length > 0) {
    const rows = users.map(([day, claimant, ...rest]) => [
      day,
      Buffer.from(String(claimant), 'hex'),
      ...rest,
    ]);
    await query(usersSql, [rows]);
  }
  if (durations.length > 0) await query(durationsSql, [durations]);
  if (tallies.length > 0) await query(talliesSql, [tallies]);
}

function sumOf(columns: readonly string[]): string {
  return columns.map((column) => `${column} = ${column} + VALUES(${column})`).join(', ');
}
