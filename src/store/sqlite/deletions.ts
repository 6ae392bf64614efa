import { setImmediate as nextTurn } from 'node:timers/promises';
import { hexOf } from '../rows/columns.ts';
import {
  type CacheCounts,
  conditionOf,
  countSql,
  countsOf,
  type Deletion,
  dependants,
  dependantsAtOnce,
  endingContents,
  tables,
  versionsSql,
} from '../rows/deletions.ts';
import type { Prepare, SqliteDatabase } from './database.ts';
import type { SqliteReader } from './reader.ts';

/**
 * Deletes at most `limit` rows, the oldest first, and before a result what depends on it: where that is much, in
 * transactions of its own. @returns how many of the rows were deleted
 */
export async function deleteSome(
  database: SqliteDatabase,
  deletion: Deletion,
  limit: number,
): Promise<number> {
  const { table, key } = tables[deletion.of];
  const { sql, value, isBytes, column } = conditionOf(deletion);
  const condition = isBytes ? sql.replace('?', 'unhex(?)') : sql;
  const chosenSql = `SELECT ${key.join(', ')} FROM ${table} WHERE ${condition} ORDER BY ${column} LIMIT ?`;
  const removeSql = `DELETE FROM ${table} WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`;
  for (;;) {
    const deleted = await database.exclusively((_, prepared) => {
      const rows = prepared(chosenSql).all(value, limit);
      const contents = deletion.of === 'results' ? rows.map(({ sha256 }) => hexOf(sha256)) : [];
      if (areDependantsLeft(prepared, contents)) return undefined;
      for (const row of rows) prepared(removeSql).run(...key.map((name) => row[name] ?? null));
      return rows.length;
    });
    if (deleted !== undefined) return deleted;
    await nextTurn();
  }
}

const listed = 'SELECT unhex(value) FROM json_each(?)';

/** Deletes some rows that depend on these results. @returns whether there may be more */
function areDependantsLeft(prepared: Prepare, chosen: readonly string[]): boolean {
  if (chosen.length === 0) return false;
  const counted = prepared(
    `SELECT lower(hex(sha256)) AS content, COUNT(*) AS n FROM results WHERE sha256 IN (${listed}) GROUP BY sha256`,
  ).all(JSON.stringify(chosen));
  const counts = new Map(counted.map(({ content, n }) => [String(content), Number(n)]));
  const ending = JSON.stringify(endingContents(chosen, counts));
  return dependants.some((of) => prepared(dropSql(of)).run(ending).changes === dependantsAtOnce);
}

export function dropSql(of: (typeof dependants)[number]): string {
  const { table, key } = tables[of];
  return `DELETE FROM ${table} WHERE (${key.join(', ')}) IN (
    SELECT ${key.join(', ')} FROM ${table} WHERE content IN (${listed}) LIMIT ${dependantsAtOnce})`;
}

export async function cacheCounts(reader: SqliteReader): Promise<CacheCounts> {
  const queries = [versionsSql, ...Object.values(countSql)];
  const [versions = [], ...counts] = await Promise.all(queries.map((sql) => reader.read(sql, [])));
  const [claims = 0, feedback = 0] = counts.map(([row]) => Number(row?.n ?? 0));
  return countsOf(versions, [claims, feedback]);
}
