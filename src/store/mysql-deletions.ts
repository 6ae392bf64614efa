import { answersAtOnce } from './answer-rows.ts';
import { conditionOf, countSql, countsOf, type Deletion, tables, versionsSql } from './deletions.ts';
import { answerClaims, dropAnswers, holdResults } from './mysql-answers.ts';
import { settleClaims } from './mysql-claims.ts';
import type { MysqlQuery, MysqlRow } from './mysql-connection.ts';
import type { MysqlPool } from './mysql-pool.ts';

/**
 * Deletes at most `limit` rows, the oldest first, and with them what was answered because of them: where that is much,
 * it goes first, in transactions of its own. Gaps beside what goes stay unlocked, as in every transaction of the pool.
 * @returns how many were deleted
 */
export async function deleteSome(pool: MysqlPool, deletion: Deletion, limit: number): Promise<number> {
  const { table, key } = tables[deletion.of];
  const { sql, value, isBytes, column } = conditionOf(deletion);
  const parameter = isBytes ? Buffer.from(String(value), 'hex') : value;
  const chosen = `FROM ${table} WHERE ${sql} ORDER BY ${column} LIMIT ${limit}`;
  if (!hasDependants(deletion)) {
    const [answer] = await pool.transaction((query) => query(`DELETE ${chosen}`, [parameter]));
    return Number(answer?.affectedRows ?? 0);
  }
  const [first = ''] = key;
  const isOfResults = deletion.of === 'results';
  for (;;) {
    const deleted = await pool.transaction(async (query) => {
      const rows = await query(`SELECT ${key.join(', ')} ${chosen} ${isOfResults ? 'FOR UPDATE' : ''}`, [
        parameter,
      ]);
      if (rows.length === 0) return 0;
      if (!isOfResults) await holdResults(query, { hashes: hashesOf(rows) });
      else if ((await dropAnswers(query, rows.map(resultKey))) === answersAtOnce) return undefined;
      const keys = rows.map((row) => key.map((name) => row[name]));
      await query(`DELETE FROM ${table} WHERE ${first} IN (?) AND (${key.join(', ')}) IN (?)`, [
        keys.map(([one]) => one),
        keys,
      ]);
      await tidy(query, deletion.of, rows);
      return rows.length;
    });
    if (deleted !== undefined) return deleted;
  }
}

const hexOf = (value: unknown): string => Buffer.from(value as Uint8Array).toString('hex');

const hashesOf = (claims: readonly MysqlRow[]): string[] =>
  [...new Set(claims.map(({ claimed }) => hexOf(claimed)))].sort();

const resultKey = ({ sha256, version }: MysqlRow) => [sha256 as Buffer, String(version)] as const;

/** Others need no list of what goes: the server takes them one after another as their index has them. */
function hasDependants({ of }: Deletion): boolean {
  return of === 'results' || of === 'claims';
}

/** What hangs on rows that are gone. */
async function tidy(query: MysqlQuery, of: Deletion['of'], rows: readonly MysqlRow[]): Promise<void> {
  if (of === 'results') {
    const contents = rows.map(({ sha256 }) => sha256);
    await query(
      `DELETE l FROM looks l LEFT JOIN results r ON r.sha256 = l.sha256
        WHERE l.sha256 IN (?) AND r.sha256 IS NULL`,
      [contents],
    );
  }
  if (of !== 'claims') return;
  const hashes = hashesOf(rows);
  await settleClaims(query, hashes);
  await query(
    `DELETE v FROM claim_verdicts v LEFT JOIN hash_claims c ON c.claimed = v.claimed
      WHERE v.claimed IN (?) AND c.claimed IS NULL`,
    [hashes.map((hash) => Buffer.from(hash, 'hex'))],
  );
  await answerClaims(
    query,
    rows.map(({ claimed, claimant }) => [hexOf(claimed), hexOf(claimant)]),
  );
}

export async function cacheCounts(query: MysqlQuery) {
  const count = async (sql: string) => Number((await query(sql))[0]?.n ?? 0);
  return countsOf(await query(versionsSql), [
    await count(countSql.claims),
    await count(countSql.conflictingHashes),
    await count(countSql.feedback),
  ]);
}
