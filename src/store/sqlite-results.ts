import { hexKey, versionKey } from './columns.ts';
import {
  byKey,
  foundFor,
  hitCounts,
  hourMs,
  type ResultRow,
  resultColumns,
  resultValues,
} from './result-rows.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { ClaimSharing, Found, Hit, Lookup, StoredResult } from './store.ts';

const answerColumns = `r.sha256, r.version, r.category, r.confidence, r.description, r.method, r.model, r.scores,
  r.created_at_ms`;

/** CROSS JOIN keeps the order of the tables: the list is read, the others are looked up by their keys. */
export const findSql = (sharing?: ClaimSharing): string => `
  SELECT ${answerColumns}, NULL AS claimed, NULL AS claimant, NULL AS corrected
  FROM json_each(?1) j
  CROSS JOIN results r ON r.sha256 = unhex(j.value ->> 0) AND r.version = j.value ->> 1
  UNION ALL
  SELECT ${answerColumns}, c.claimed, c.claimant, c.corrected
  FROM json_each(?1) j
  CROSS JOIN hash_claims c ON c.claimed = unhex(j.value ->> 0) AND c.claimant = unhex(j.value ->> 2)
  CROSS JOIN results r ON r.sha256 = c.content AND r.version = j.value ->> 1${sharing === undefined ? '' : sharedSql(sharing)}`;

/** What witnesses were told is served only as long as it is still what the result says. */
const sharedSql = (sharing: ClaimSharing): string => `
  UNION ALL
  SELECT ${answerColumns}, v.claimed, NULL, NULL
  FROM json_each(?1) j
  CROSS JOIN claim_verdicts v ON v.claimed = unhex(j.value ->> 0) AND j.value ->> 2 IS NOT NULL
  CROSS JOIN results r ON r.version = j.value ->> 1 AND ${
    sharing === 'anybody'
      ? 'r.sha256 = v.newest'
      : `r.sha256 = v.content AND r.category = v.category AND v.conflicts = 0
        AND v.witnesses >= ${Math.max(1, Math.floor(sharing.witnesses))}`
  }`;

export async function findResults(
  database: SqliteDatabase,
  lookups: readonly Lookup[],
  sharing?: ClaimSharing,
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const keys = lookups.map(({ hash, version, claimant }) => [
    hexKey(hash, 32),
    versionKey(version),
    claimant === undefined ? null : hexKey(claimant, 16),
  ]);
  const rows = await database.all(findSql(sharing), JSON.stringify(keys));
  return foundFor(lookups, rows as unknown as readonly ResultRow[]);
}

/** `WHERE true` tells the parser that ON CONFLICT is not the ON of a join. */
const saveSql = `INSERT INTO results (${resultColumns.join(', ')})
  SELECT unhex(j.value ->> 0), ${resultColumns
    .slice(1)
    .map((_, index) => `j.value ->> ${index + 1}`)
    .join(', ')}
  FROM json_each(?) j WHERE true
  ON CONFLICT (sha256, version) DO UPDATE SET ${resultColumns
    .slice(2)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}
  WHERE results.method = 'local' OR excluded.method = 'llm'`;

export async function saveResults(database: SqliteDatabase, results: readonly StoredResult[]): Promise<void> {
  if (results.length > 0) await database.run(saveSql, JSON.stringify(byKey(results.map(resultValues))));
}

const hitSql = `UPDATE results
  SET hits = hits + h.more, last_hit_at_ms = max(coalesce(last_hit_at_ms, h.at_ms), h.at_ms),
    used_at_ms = max(used_at_ms, h.at_ms - h.at_ms % ${hourMs})
  FROM (SELECT unhex(value ->> 0) AS hash, value ->> 1 AS of_version, value ->> 2 AS more, value ->> 3 AS at_ms
        FROM json_each(?)) h
  WHERE sha256 = h.hash AND version = h.of_version`;

export async function countHits(database: SqliteDatabase, hits: readonly Hit[]): Promise<void> {
  const counts = hitCounts(hits).map((hit) => [
    hit.sha256.toString('hex'),
    hit.version,
    hit.count,
    hit.lastAt,
  ]);
  if (counts.length > 0) await database.run(hitSql, JSON.stringify(counts));
}
