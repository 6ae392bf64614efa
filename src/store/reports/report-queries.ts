import { countResults } from '../rows/counts.ts';
import type { ReportDialect } from './dialect.ts';
import {
  amongSql,
  bucketsOf,
  countsSql,
  headOf,
  spanSql,
  spanValues,
  stepValues,
  summing,
} from './report-sql.ts';
import type { ReportStore } from './report-store.ts';
import { levels } from './rollup.ts';

/** The same SQL for every driver, but for what the dialect brings. */
export function reportStore(dialect: ReportDialect): ReportStore {
  return { ...rollupQueries(dialect), ...rowQueries(dialect) };
}

type RollupReports = Pick<ReportStore, 'sumTallies' | 'sumDurations' | 'pruneRollups'>;

function rollupQueries({ read, write, pruneSql }: ReportDialect): RollupReports {
  return {
    async sumTallies(span, topics = []) {
      const { step, sum, group } = summing(span);
      const rows = await read(
        `SELECT ${step} AS step, topic, name, ${sum('n')} AS n, ${sum('amount')} AS amount FROM tallies
          WHERE ${spanSql} ${amongSql('topic', topics)} ${group}`,
        [...stepValues(span), ...spanValues(span), ...topics],
      );
      return rows.map((row) => ({ ...headOf(row), n: Number(row.n), amount: Number(row.amount) }));
    },

    async sumDurations(span, topics, names = []) {
      const { step, sum, group } = summing(span);
      const rows = await read(
        `SELECT ${step} AS step, topic, name, ${sum('n')} AS n, ${sum('sum_ms')} AS sum_ms, ${countsSql(sum)} AS counts
          FROM duration_tallies WHERE ${spanSql} ${amongSql('topic', topics)} ${amongSql('name', names)} ${group}`,
        [...stepValues(span), ...spanValues(span), ...topics, ...names],
      );
      return rows.map((row) => ({
        ...headOf(row),
        n: Number(row.n),
        sumMs: Number(row.sum_ms),
        buckets: bucketsOf(String(row.counts)),
      }));
    },

    async pruneRollups(level, before, limit) {
      let pruned = 0;
      for (const table of ['tallies', 'duration_tallies'])
        pruned += await write(pruneSql(table), [levels[level], before, limit]);
      return pruned;
    },
  };
}

/** Results among which the one with most hits is sought. */
const usedLast = 10_000;

function rowQueries({
  read,
  write,
  photos,
  saveSnapshotSql,
}: ReportDialect): Omit<ReportStore, keyof RollupReports> {
  return {
    async countUsers(from, to) {
      const sql = 'SELECT COUNT(DISTINCT claimant) AS users FROM day_users WHERE day_ms >= ? AND day_ms < ?';
      return Number((await read(sql, [from, to], true))[0]?.users ?? 0);
    },

    async topUsers(from, to, limit) {
      const rows = await read(
        `SELECT MAX(user_id) AS user_id, SUM(requests) AS requests, SUM(photos) AS photos, SUM(hits) AS hits,
            SUM(failed) AS failed, MIN(first_at_ms) AS first_at, MAX(last_at_ms) AS last_at, COUNT(*) OVER () AS users
          FROM day_users WHERE day_ms >= ? AND day_ms < ? GROUP BY claimant
          ORDER BY requests DESC, photos DESC, user_id LIMIT ${Math.trunc(limit)}`,
        [from, to],
        true,
      );
      const users = rows.map((row) => ({
        userId: String(row.user_id),
        requests: Number(row.requests),
        photos: Number(row.photos),
        hits: Number(row.hits),
        failed: Number(row.failed),
        firstAt: Number(row.first_at),
        lastAt: Number(row.last_at),
      }));
      return { unique: Number(rows[0]?.users ?? 0), users };
    },

    async failedPhotos(from, limit) {
      const newest = `ORDER BY at_ms DESC LIMIT ${Math.trunc(limit)}`;
      const each = photos.map(
        (table) => `SELECT * FROM (SELECT at_ms, request_id, error_code, size_bytes, duration_ms FROM ${table}
          WHERE at_ms >= ? AND outcome = 'failed' ${newest}) AS of_${table}`,
      );
      const times = photos.map(() => from);
      const rows = await read(`${each.join(' UNION ALL ')} ${newest}`, times, true);
      return rows.map((row) => ({
        at: Number(row.at_ms),
        requestId: String(row.request_id),
        errorCode: String(row.error_code),
        ...(row.size_bytes !== null && { sizeBytes: Number(row.size_bytes) }),
        durationMs: Number(row.duration_ms),
      }));
    },

    async censusOfCache() {
      const results = await countResults((sql, values) => read(sql, values, true));
      const sql = `SELECT MAX(hits) AS max_hits FROM
        (SELECT hits FROM results ORDER BY used_at_ms DESC LIMIT ${usedLast}) AS used`;
      const [row] = await read(sql, [], true);
      return { results, maxHits: Number(row?.max_hits ?? 0) };
    },

    async findSnapshot(name) {
      const [row] = await read('SELECT body, at_ms FROM report_snapshots WHERE name = ?', [name]);
      return row && { body: String(row.body), at: Number(row.at_ms) };
    },

    async saveSnapshot(name, { body, at }) {
      await write(saveSnapshotSql, [name, body, at]);
    },
  };
}
