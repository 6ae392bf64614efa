import { setImmediate as nextTurn } from 'node:timers/promises';
import { hexOf } from '../rows/columns.ts';
import {
  conditionOf,
  type Deletion,
  type DeletionPass,
  dependants,
  dependantsAtOnce,
  endingContents,
  tables,
} from '../rows/deletions.ts';
import type { Prepare, SqliteDatabase } from './database.ts';
import type { SqliteReader } from './reader.ts';

/** Deletes rows as `Maintenance.deleteSome` says, in one transaction unless much depends on them. */
export async function deleteSome(
  database: SqliteDatabase,
  reader: SqliteReader,
  deletion: Deletion,
  limit: number,
  pass: DeletionPass = {},
): Promise<number> {
  const { table, key } = tables[deletion.of];
  const { condition, value, column } = selectionOf(deletion);
  const isRecord = deletion.of === 'photos' || deletion.of === 'requests';
  if (isRecord && deletion.before === undefined)
    return deleteRecordsOf({ database, reader, table, condition, value, limit, pass });
  const keys = key.join(', ');
  const chosenSql = `SELECT ${keys} FROM ${table} WHERE ${condition} ORDER BY ${column} LIMIT ?`;
  if (deletion.of !== 'results')
    return database.exclusively((_, prepared) =>
      Number(prepared(`DELETE FROM ${table} WHERE (${keys}) IN (${chosenSql})`).run(value, limit).changes),
    );
  for (;;) {
    const deleted = await database.exclusively((_, prepared) => {
      const rows = prepared(chosenSql).all(value, limit);
      const contents = rows.map(({ sha256 }) => hexOf(sha256));
      if (areDependantsLeft(prepared, contents)) return undefined;
      const remove = prepared('DELETE FROM results WHERE sha256 = ? AND version = ?');
      for (const { sha256, version } of rows) remove.run(sha256 ?? null, version ?? null);
      return rows.length;
    });
    if (deleted !== undefined) return deleted;
    await nextTurn();
  }
}

function selectionOf(deletion: Deletion) {
  const { sql, value, isBytes, column } = conditionOf(deletion);
  if (typeof value === 'object')
    return { condition: sql.replace('?', listed), value: JSON.stringify(value), column };
  return { condition: isBytes ? sql.replace('?', 'unhex(?)') : sql, value, column };
}

/** Ids that one statement looks at: it takes a fraction of a second. */
const idsAtOnce = 500_000;

/**
 * Records have no index by claimant or photo. So this finds them by reading the table, in a thread of reports, from
 * where the pass has come.
 */
async function deleteRecordsOf({
  database,
  reader,
  table,
  condition,
  value,
  limit,
  pass,
}: Readonly<{
  database: SqliteDatabase;
  reader: SqliteReader;
  table: string;
  condition: string;
  value: string | number;
  limit: number;
  pass: DeletionPass;
}>): Promise<number> {
  const [ends] = await reader.read(
    `SELECT (SELECT MIN(id) FROM ${table}) AS lowest, (SELECT MAX(id) FROM ${table}) AS highest`,
    [],
  );
  if (ends?.lowest == null) return 0;
  const findSql = `SELECT id FROM ${table} WHERE id >= ? AND id < ? AND ${condition} ORDER BY id LIMIT ?`;
  const removeSql = `DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?)) AND ${condition}`;
  let deleted = 0;
  let from = Math.max(pass.nextId ?? 0, Number(ends.lowest));
  while (deleted < limit && from <= Number(ends.highest)) {
    const most = limit - deleted;
    const found = await reader.read(findSql, [from, from + idsAtOnce, value, most]);
    const ids = found.map(({ id }) => Number(id));
    if (ids.length > 0)
      deleted += await database.exclusively((_, prepared) =>
        Number(prepared(removeSql).run(JSON.stringify(ids), value).changes),
      );
    from = ids.length < most ? from + idsAtOnce : Number(ids.at(-1)) + 1;
    pass.nextId = from;
  }
  return deleted;
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
