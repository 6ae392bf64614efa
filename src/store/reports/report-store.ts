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
import { levels } from './rollup.ts';

/** A roll-up level and a span of it: `from` inclusive, `to` exclusive, Unix milliseconds. */
export interface RollupSpan {
  readonly level: keyof typeof levels;
  readonly from: number;
  readonly to: number;
  /** Milliseconds from `from` that are added up together; 0: the whole span; 1: every row of the level for itself. */
  readonly stepMs: number;
}

export interface TallySum {
  /** Beginning of the step. */
  readonly at: number;
  readonly topic: string;
  readonly name: string;
  readonly n: number;
  readonly amount: number;
}

export interface DurationSum {
  readonly at: number;
  readonly topic: string;
  readonly name: string;
  readonly n: number;
  readonly sumMs: number;
  /** Those that hold any, in ascending order. */
  readonly buckets: readonly DurationBucket[];
}

export interface DurationBucket {
  /** Whole milliseconds, both inclusive; the last bucket ends nowhere (Infinity). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly n: number;
}

export interface UserSum {
  readonly userId: string;
  readonly requests: number;
  readonly photos: number;
  readonly hits: number;
  readonly failed: number;
  /** Unix milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface FailedPhoto {
  readonly at: number;
  readonly requestId: string;
  readonly errorCode: string;
  readonly sizeBytes?: number;
  readonly durationMs: number;
}

export interface Snapshot {
  readonly body: string;
  readonly at: number;
}

/** What is cached, as a whole: reads every row, so not for a route. */
export interface CacheCensus {
  readonly results: number;
  readonly maxHits: number;
}

/** Reads roll-ups; nothing here grows with the number of records unless it says so. */
export interface ReportStore {
  sumTallies(span: RollupSpan, topics?: readonly string[]): Promise<readonly TallySum[]>;
  /** @param names all, where there are none */
  sumDurations(
    span: RollupSpan,
    topics: readonly string[],
    names?: readonly string[],
  ): Promise<readonly DurationSum[]>;
  /** Of days that began in the span; grows with users times days. */
  countUsers(from: number, to: number): Promise<number>;
  /** Those who sent most, and how many there are: 0 for a `limit` of 0. */
  topUsers(
    from: number,
    to: number,
    limit: number,
  ): Promise<{ readonly unique: number; readonly users: readonly UserSum[] }>;
  /** The newest first. Grows with the records of the span. */
  failedPhotos(from: number, limit: number): Promise<readonly FailedPhoto[]>;
  /** Grows with the results. */
  censusOfCache(): Promise<CacheCensus>;
  findSnapshot(name: string): Promise<Snapshot | undefined>;
  saveSnapshot(name: string, snapshot: Snapshot): Promise<void>;
  /** Removes at most that many rows of a level older than that. @returns how many */
  pruneRollups(level: keyof typeof levels, before: number, limit: number): Promise<number>;
}

export type ReportRow = Readonly<Record<string, unknown>>;

export interface ReportDialect {
  /** Must not hold up the hot path. */
  read(sql: string, values: readonly (string | number)[], isLong?: boolean): Promise<readonly ReportRow[]>;
  /** @returns rows changed */
  write(sql: string, values: readonly (string | number)[]): Promise<number>;
  readonly saveSnapshotSql: string;
  /** Table, then `limit`: at most that many rows go. */
  pruneSql(table: string): string;
}

/** The same SQL for every driver, but for what the dialect brings. */
export function reportStore(dialect: ReportDialect): ReportStore {
  const { read, write } = dialect;
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
      const rows = await read(
        `SELECT at_ms, request_id, error_code, size_bytes, duration_ms FROM photos
          WHERE at_ms >= ? AND outcome = 'failed' ORDER BY at_ms DESC LIMIT ${Math.trunc(limit)}`,
        [from],
        true,
      );
      return rows.map((row) => ({
        at: Number(row.at_ms),
        requestId: String(row.request_id),
        errorCode: String(row.error_code),
        ...(row.size_bytes !== null && { sizeBytes: Number(row.size_bytes) }),
        durationMs: Number(row.duration_ms),
      }));
    },

    async censusOfCache() {
      const sql = 'SELECT COUNT(*) AS results, COALESCE(MAX(hits), 0) AS max_hits FROM results';
      const [row] = await read(sql, [], true);
      return { results: Number(row?.results ?? 0), maxHits: Number(row?.max_hits ?? 0) };
    },

    async findSnapshot(name) {
      const [row] = await read('SELECT body, at_ms FROM report_snapshots WHERE name = ?', [name]);
      return row && { body: String(row.body), at: Number(row.at_ms) };
    },

    async saveSnapshot(name, { body, at }) {
      await write(dialect.saveSnapshotSql, [name, body, at]);
    },

    async pruneRollups(level, before, limit) {
      let pruned = 0;
      for (const table of ['tallies', 'duration_tallies'])
        pruned += await write(dialect.pruneSql(table), [levels[level], before, limit]);
      return pruned;
    },
  };
}
