import { hourMs } from '../../durations.ts';
import type { ClaimTrust, Found, Hit, Lookup, StoredResult } from '../entities.ts';
import { hexKey, hexOf, versionKey } from '../rows/columns.ts';
import {
  answerNames,
  byKey,
  hitRows,
  type ResultRow,
  resultColumns,
  resultFrom,
  resultValues,
} from '../rows/result-rows.ts';
import { isRepeated } from './batches.ts';
import type { SqliteDatabase } from './database.ts';

/** A look-up is one text: its hash, its claimant (or as many hyphens) and its version. */
const noClaimant = '-'.repeat(32);
const askedHash = 'unhex(substr(j.value, 1, 64))';
const askedBy = 'unhex(substr(j.value, 65, 32))';
const askedVersion = 'substr(j.value, 97)';

const columns = ['sha256', ...answerNames] as const;

/** `columns`, from the first of these rows that exists. */
const firstOf = (rows: readonly string[]): string =>
  columns
    .map((column) => {
      const values = rows.map((row) => `WHEN ${row}.sha256 IS NOT NULL THEN ${row}.${column}`);
      return `CASE ${values.join(' ')} END`;
    })
    .join(', ');

/**
 * By keys alone: the result of bytes with that hash (`e`), the claimant's own claim (`c`), and the result of what it
 * claims (`o`), where it is the answer: because there is no other, or because of a correction.
 */
export function findSql(trust: ClaimTrust): string {
  const rows = trust === 'all' ? ['o', 'e', 'n'] : ['o', 'e'];
  return `SELECT j.key, c.corrected, o.sha256 IS NOT NULL, e.sha256 IS NOT NULL, ${firstOf(rows)}
    FROM json_each(?1) j
    LEFT JOIN results e ON e.sha256 = ${askedHash} AND e.version = ${askedVersion}
    LEFT JOIN album_claims c ON c.claimant = ${askedBy} AND c.claimed = ${askedHash}
    LEFT JOIN results o ON o.sha256 = iif(e.sha256 IS NULL OR c.corrected IS NOT NULL, c.content, NULL)
      AND o.version = ${askedVersion}
    ${trust === 'all' ? newestSql : ''}
    WHERE ${rows.map((row) => `${row}.sha256 IS NOT NULL`).join(' OR ')}`;
}

/** The result of the newest claim of the hash (`n`), for look-ups with a claimant. */
const newestSql = `LEFT JOIN results n ON n.version = ${askedVersion} AND n.sha256 = (
      SELECT content FROM album_claims WHERE claimed = ${askedHash} AND ${askedBy} IS NOT NULL
      ORDER BY at_ms DESC, claimant DESC LIMIT 1)`;

/** One statement. A correction comes first, then the verified result, the claimant's own claim, another claimant's. */
export async function findResults(
  database: SqliteDatabase,
  lookups: readonly Lookup[],
  trust: ClaimTrust,
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const keys = lookups.map(
    ({ hash, version, claimant }) =>
      hexKey(hash, 32) + (claimant === undefined ? noClaimant : hexKey(claimant, 16)) + versionKey(version),
  );
  const rows = await database.lists(findSql(trust), JSON.stringify(keys));
  const found: (Found | undefined)[] = lookups.map(() => undefined);
  for (const row of rows) {
    const index = Number(row[0]);
    found[index] = foundFrom(row, lookups[index]?.version ?? '');
  }
  return found;
}

/** @param row as `findSql` has it */
function foundFrom([, corrected, isOwn, isVerified, ...cells]: readonly unknown[], version: string): Found {
  const row: Record<string, unknown> = {};
  for (const [index, column] of columns.entries()) row[column] = cells[index];
  return {
    ...resultFrom(row as unknown as ResultRow, { sha256: hexOf(row.sha256), version }),
    via: corrected !== null || isOwn ? 'claim' : isVerified ? 'verified' : 'other',
    ...(corrected !== null && { corrected: String(corrected) }),
  };
}

/** `WHERE true` keeps the parser from reading ON CONFLICT as the ON of a join. */
const saveSql = `INSERT INTO results (${resultColumns.join(', ')})
  SELECT unhex(j.value ->> 0), ${resultColumns
    .slice(1)
    .map((_, index) => `j.value ->> ${index + 1}`)
    .join(', ')}
  FROM json_each(?) j WHERE true
  ON CONFLICT (sha256, version) DO UPDATE SET ${resultColumns
    .slice(2)
    .map((column) => `${column} = ${savedValue(column)}`)
    .join(', ')}
  WHERE iif(results.method = excluded.method, excluded.created_at_ms >= results.created_at_ms,
    excluded.method = 'llm')`;

/** A result that is saved again, to complete it, was used when it was used. */
function savedValue(column: string): string {
  return column === 'used_at_ms' ? `max(${column}, excluded.${column})` : `excluded.${column}`;
}

export async function saveResults(database: SqliteDatabase, results: readonly StoredResult[]): Promise<void> {
  if (results.length > 0) await database.run(saveSql, JSON.stringify(byKey(results.map(resultValues))));
}

const hitSql = `UPDATE results
  SET hits = hits + h.more, last_hit_at_ms = max(coalesce(last_hit_at_ms, h.at_ms), h.at_ms),
    used_at_ms = max(used_at_ms, h.at_ms - h.at_ms % ${hourMs})
  FROM (SELECT unhex(value ->> 0) AS hash, value ->> 1 AS of_version, value ->> 2 AS more, value ->> 3 AS at_ms
        FROM json_each(?)) h
  WHERE sha256 = h.hash AND version = h.of_version`;

export async function countHits(
  database: SqliteDatabase,
  hits: readonly Hit[],
  batch?: string,
): Promise<void> {
  if (hits.length === 0) return;
  await database.exclusively((_, prepared) => {
    if (!isRepeated(prepared, batch)) prepared(hitSql).run(JSON.stringify(hitRows(hits)));
  });
}
