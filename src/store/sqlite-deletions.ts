import type { DatabaseSync } from 'node:sqlite';
import { conditionOf, type Deletion, tables } from './deletions.ts';
import { settleClaims } from './sqlite-claims.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

type Row = Readonly<Record<string, unknown>>;

/** Deletes at most `limit` rows, the oldest first, in one transaction. @returns how many were deleted */
export async function deleteSome(
  database: SqliteDatabase,
  deletion: Deletion,
  limit: number,
): Promise<number> {
  const { table, key } = tables[deletion.of];
  const { sql, value, isBytes, column } = conditionOf(deletion);
  const condition = isBytes ? sql.replace('?', 'unhex(?)') : sql;
  return database.exclusively((connection) => {
    const rows = connection
      .prepare(`SELECT ${key.join(', ')} FROM ${table} WHERE ${condition} ORDER BY ${column} LIMIT ${limit}`)
      .all(value);
    const remove = connection.prepare(
      `DELETE FROM ${table} WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`,
    );
    for (const row of rows) remove.run(...key.map((name) => row[name] ?? null));
    tidy(connection, deletion.of, rows);
    return rows.length;
  });
}

/** What hangs on rows that are gone. */
function tidy(connection: DatabaseSync, of: Deletion['of'], rows: readonly Row[]): void {
  const hexOf = (value: unknown) => Buffer.from(value as Uint8Array).toString('hex');
  if (of === 'results') {
    const remove = connection.prepare(
      'DELETE FROM looks WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM results WHERE sha256 = ?1)',
    );
    for (const { sha256 } of rows) remove.run(sha256 as Uint8Array);
  }
  if (of !== 'claims') return;
  const hashes = [...new Set(rows.map(({ claimed }) => hexOf(claimed)))];
  settleClaims(connection, hashes);
  const remove = connection.prepare(
    `DELETE FROM claim_verdicts WHERE claimed = unhex(?1)
      AND NOT EXISTS (SELECT 1 FROM hash_claims WHERE claimed = unhex(?1))`,
  );
  for (const hash of hashes) remove.run(hash);
}
