import { setImmediate as nextTurn } from 'node:timers/promises';
import { answersAtOnce } from './answer-rows.ts';
import { conditionOf, type Deletion, tables } from './deletions.ts';
import { answerClaims, dropAnswers } from './sqlite-answers.ts';
import { settleClaims } from './sqlite-claims.ts';
import type { Prepare, SqliteDatabase } from './sqlite-database.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Deletes at most `limit` rows, the oldest first, and with them what was answered because of them: where that is much,
 * it goes first, in transactions of its own. @returns how many were deleted
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
      if (deletion.of === 'results' && dropAnswers(prepared, rows.map(resultKey)) === answersAtOnce)
        return undefined;
      for (const row of rows) prepared(removeSql).run(...key.map((name) => row[name] ?? null));
      tidy(prepared, deletion.of, rows);
      return rows.length;
    });
    if (deleted !== undefined) return deleted;
    await nextTurn();
  }
}

const hexOf = (value: unknown) => Buffer.from(value as Uint8Array).toString('hex');

const resultKey = ({ sha256, version }: Row) => [hexOf(sha256), String(version)] as const;

/** What hangs on rows that are gone. */
function tidy(prepared: Prepare, of: Deletion['of'], rows: readonly Row[]): void {
  if (of === 'results') {
    const remove = prepared(
      'DELETE FROM looks WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM results WHERE sha256 = ?1)',
    );
    for (const { sha256 } of rows) remove.run(sha256 as Uint8Array);
  }
  if (of !== 'claims') return;
  const hashes = [...new Set(rows.map(({ claimed }) => hexOf(claimed)))];
  settleClaims(prepared, hashes);
  const remove = prepared(
    `DELETE FROM claim_verdicts WHERE claimed = unhex(?1)
      AND NOT EXISTS (SELECT 1 FROM hash_claims WHERE claimed = unhex(?1))`,
  );
  for (const hash of hashes) remove.run(hash);
  answerClaims(
    prepared,
    rows.map(({ claimed, claimant }) => [hexOf(claimed), hexOf(claimant)]),
  );
}
