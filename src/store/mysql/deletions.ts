import { hexOf } from '../rows/columns.ts';
import {
  conditionOf,
  type Deletion,
  dependants,
  dependantsAtOnce,
  endingContents,
  tables,
} from '../rows/deletions.ts';
import type { MysqlQuery } from './connection.ts';
import { type RecordTable, recordTables } from './days.ts';
import type { MysqlPool } from './pool.ts';

/**
 * Deletes at most `limit` rows, the oldest first (records: of the oldest day), and before a result what depends on it:
 * where that is much, in transactions of its own. Gaps beside deleted rows stay unlocked, as in every transaction of the
 * pool.
 * @returns how many of the rows were deleted
 */
export async function deleteSome(pool: MysqlPool, deletion: Deletion, limit: number): Promise<number> {
  if (deletion.of === 'photos' || deletion.of === 'requests')
    return deleteRecords(pool, deletion, recordTables[deletion.of], limit);
  const { chosen, parameter } = selectionOf(deletion);
  const rows = chosen(tables[deletion.of].table, limit);
  if (deletion.of !== 'results') return changed(pool.query(`DELETE ${rows}`, [parameter]));
  for (;;) {
    const deleted = await pool.transaction((query) => deleteResults(query, rows, parameter));
    if (deleted !== undefined) return deleted;
  }
}

function selectionOf(deletion: Deletion) {
  const { sql, value, isBytes, column } = conditionOf(deletion);
  return {
    chosen: (table: string, limit: number) => `FROM ${table} WHERE ${sql} ORDER BY ${column} LIMIT ${limit}`,
    parameter: isBytes ? [value].flat().map((hex) => Buffer.from(String(hex), 'hex')) : value,
  };
}

/** First those in the new table, then those in the table of the releases before. */
async function deleteRecords(
  pool: MysqlPool,
  deletion: Deletion,
  { table, leading, values, former }: RecordTable,
  limit: number,
): Promise<number> {
  const { chosen, parameter } = selectionOf(deletion);
  const byTime = `FROM ${table} WHERE ${leading} IN (?) AND at_ms < ? LIMIT ${limit}`;
  const deleted = await (deletion.before === undefined
    ? changed(pool.query(`DELETE ${chosen(table, limit)}`, [parameter]))
    : changed(pool.query(`DELETE ${byTime}`, [values, parameter])));
  if (deleted === limit) return deleted;
  return deleted + (await changed(pool.query(`DELETE ${chosen(former, limit - deleted)}`, [parameter])));
}

const changed = async (answer: ReturnType<MysqlQuery>): Promise<number> =>
  Number((await answer)[0]?.affectedRows ?? 0);

/** @returns undefined where so much depends on them that only some of that was deleted */
async function deleteResults(
  query: MysqlQuery,
  chosen: string,
  parameter: unknown,
): Promise<number | undefined> {
  const keys = await query(`SELECT sha256, version ${chosen} FOR UPDATE`, [parameter]);
  if (keys.length === 0) return 0;
  const hashes = keys.map(({ sha256 }) => sha256 as Buffer);
  const counted = await query(
    'SELECT sha256, COUNT(*) AS n FROM results FORCE INDEX (PRIMARY) WHERE sha256 IN (?) GROUP BY sha256',
    [hashes],
  );
  const counts = new Map(counted.map(({ sha256, n }) => [hexOf(sha256), Number(n)]));
  const ending = endingContents(hashes.map(hexOf), counts).map((content) => Buffer.from(content, 'hex'));
  for (const of of ending.length > 0 ? dependants : []) {
    const { table } = tables[of];
    const [answer] = await query(`DELETE FROM ${table} WHERE content IN (?) LIMIT ${dependantsAtOnce}`, [
      ending,
    ]);
    if (answer?.affectedRows === dependantsAtOnce) return undefined;
  }
  await query('DELETE FROM results WHERE sha256 IN (?) AND (sha256, version) IN (?)', [
    hashes,
    keys.map(({ sha256, version }) => [sha256, version]),
  ]);
  return keys.length;
}
