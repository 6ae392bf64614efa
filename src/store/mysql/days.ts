import { dayMs } from '../../durations.ts';
import { isOutage, reasonOf } from '../outage.ts';
import type { PhotoRecord, RequestRecord } from '../records.ts';
import type { MysqlQuery } from './connection.ts';

const outcomes: Readonly<Record<PhotoRecord['outcome'], true>> = {
  llm: true,
  local: true,
  failed: true,
  near: true,
  memory: true,
  store: true,
  claim: true,
  flight: true,
};
const routes: Readonly<Record<RequestRecord['route'], true>> = {
  classify: true,
  batch: true,
  'check-cache': true,
  'batch-check-cache': true,
};

export interface RecordTable {
  /** With a partition for each day of UTC and one, `future`, for what comes after the last day. */
  readonly table: string;
  readonly leading: string;
  /** All values of the column `leading`. */
  readonly values: readonly string[];
  /** The table of the releases before, whatever migration 065 says of it: lists of failures read that of photos. */
  readonly former: string;
}

/**
 * Records lie in new tables, and in those of the releases before until they have expired. By time they are found with an
 * index that begins with another column: one by time alone would be one that all writers add to at the same place.
 */
export const recordTables = {
  photos: { table: 'photo_records', leading: 'outcome', values: Object.keys(outcomes), former: 'photos' },
  requests: { table: 'request_records', leading: 'route', values: Object.keys(routes), former: 'requests' },
} as const satisfies Record<string, RecordTable>;

/** Days for which there are partitions in advance: maintenance may be without a database for that long. */
const daysAhead = 7;

/**
 * Drops the days that ended by `before`, and adds those that come after `now`, both in Unix milliseconds. Waits a second
 * at most for statements in progress, since all others wait behind it.
 * @returns the time before which records are left to be deleted one by one
 * @throws outage another statement takes too long, once the other table was rotated: to be tried again later
 */
export async function rotateDays(query: MysqlQuery, before: number, now: number): Promise<number> {
  await query('SET SESSION lock_wait_timeout = 1');
  const failures: unknown[] = [];
  for (const { table } of Object.values(recordTables))
    await rotate(query, table, before, now).catch((error: unknown) => {
      if (!isRightMissing(error)) failures.push(error);
    });
  if (failures.length > 0) throw failures[0];
  return before - (before % dayMs);
}

async function rotate(query: MysqlQuery, table: string, before: number, now: number): Promise<void> {
  const described = await query(
    `SELECT partition_name AS name, partition_description AS ends FROM information_schema.partitions
      WHERE table_schema = DATABASE() AND table_name = ?`,
    [table],
  );
  // A table without partitions has one row of nulls.
  const partitions = described.filter(({ ends }) => ends !== null);
  const days = partitions
    .map(({ name, ends }) => ({ name: String(name), endsAt: Number(ends) }))
    .filter(({ endsAt }) => Number.isFinite(endsAt));
  const added = missingDays(Math.max(...days.map(({ endsAt }) => endsAt)), now);
  if (partitions.length > 0 && added.length > 0)
    await query(`ALTER TABLE ${table} REORGANIZE PARTITION future INTO (
      ${added.map(dayPartition).join(', ')}, PARTITION future VALUES LESS THAN MAXVALUE)`);
  const ended = days.filter(({ endsAt }) => endsAt <= before).map(({ name }) => name);
  if (ended.length > 0) await query(`ALTER TABLE ${table} DROP PARTITION ${ended.join(', ')}`);
}

/** Ends of the days without a partition. The first partition also holds what is older. */
function missingDays(lastEndsAt: number, now: number): number[] {
  const today = now - (now % dayMs);
  const ends = Array.from({ length: daysAhead + 1 }, (_, index) => today + (index + 1) * dayMs);
  return ends.filter((endsAt) => endsAt > lastEndsAt);
}

function dayPartition(endsAt: number): string {
  const day = new Date(endsAt - dayMs).toISOString().slice(0, 10).replaceAll('-', '');
  return `PARTITION d${day} VALUES LESS THAN (${endsAt})`;
}

/** The user may not alter tables: then records are deleted one by one. */
function isRightMissing(error: unknown): boolean {
  return isOutage(error) && /^ER_\w*ACCESS_?DENIED/.test(reasonOf(error));
}
