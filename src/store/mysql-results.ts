import { binaryKey, versionKey } from './columns.ts';
import type { MysqlQuery } from './mysql-connection.ts';
import { binaryColumns } from './record-rows.ts';
import {
  byKey,
  foundFor,
  hitCounts,
  hourMs,
  type ResultRow,
  resultColumns,
  resultValues,
} from './result-rows.ts';
import type { ClaimSharing, Found, Hit, Lookup, StoredResult } from './store.ts';

const answerColumns = `r.sha256, r.version, r.category, r.confidence, r.description, r.method, r.model, r.scores,
  r.created_at_ms`;

export async function findResults(
  query: MysqlQuery,
  lookups: readonly Lookup[],
  sharing?: ClaimSharing,
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const { sql, values } = findStatement(lookups, sharing);
  const rows = await query(sql, values);
  return foundFor(lookups, rows as unknown as readonly ResultRow[]);
}

/** A list of (claimed, claimant) pairs is read by the primary key of `hash_claims` on both servers. */
export function findStatement(
  lookups: readonly Lookup[],
  sharing?: ClaimSharing,
): { sql: string; values: readonly unknown[] } {
  const hashes = unique(lookups.map(({ hash }) => hash.toLowerCase())).map((hash) => binaryKey(hash, 32));
  const versions = unique(lookups.map(({ version }) => versionKey(version)));
  const claims = claimKeys(lookups);
  const verified = `SELECT ${answerColumns}, NULL AS claimed, NULL AS claimant, NULL AS corrected
    FROM results r FORCE INDEX (PRIMARY) WHERE r.sha256 IN (?) AND r.version IN (?)`;
  if (claims.length === 0) return { sql: verified, values: [hashes, versions] };
  const own = `${verified} UNION ALL SELECT ${answerColumns}, c.claimed, c.claimant, c.corrected
      FROM hash_claims c FORCE INDEX (PRIMARY) JOIN results r FORCE INDEX (PRIMARY) ON r.sha256 = c.content
      WHERE (c.claimed, c.claimant) IN (?) AND r.version IN (?)`;
  const values = [hashes, versions, claims, versions];
  if (sharing === undefined) return { sql: own, values };
  const claimed = unique(claims.map(([hash]) => hash.toString('hex'))).map((hash) =>
    Buffer.from(hash, 'hex'),
  );
  return {
    sql: `${own} UNION ALL SELECT ${answerColumns}, v.claimed, NULL, NULL
      FROM claim_verdicts v FORCE INDEX (PRIMARY) JOIN results r FORCE INDEX (PRIMARY) ON ${sharedJoin(sharing)}
      WHERE v.claimed IN (?) AND r.version IN (?)`,
    values: [...values, claimed, versions],
  };
}

/** What witnesses were told is served only as long as it is still what the result says. */
export function sharedJoin(sharing: ClaimSharing): string {
  if (sharing === 'anybody') return 'r.sha256 = v.newest';
  return `r.sha256 = v.content AND r.category = v.category AND v.conflicts = 0
      AND v.witnesses >= ${Math.max(1, Math.floor(sharing.witnesses))}`;
}

function claimKeys(lookups: readonly Lookup[]): readonly (readonly [Buffer, Buffer])[] {
  const keys = lookups.flatMap(({ claimant, hash }) =>
    claimant ? [`${hash}/${claimant}`.toLowerCase()] : [],
  );
  return unique(keys).map((key) => {
    const [hash = '', claimant = ''] = key.split('/');
    return [binaryKey(hash, 32), binaryKey(claimant, 16)];
  });
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/**
 * Replaces unless that would put a local answer over an LLM's. MySQL assigns from left to right and reads what it has
 * just assigned: this says the same before and after `method` is.
 */
const replaces = "(method = 'local' OR VALUES(method) = 'llm')";

const saveSql = `INSERT INTO results (${resultColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ${resultColumns
  .slice(2)
  .map((column) => `${column} = IF(${replaces}, VALUES(${column}), ${column})`)
  .join(', ')}`;

export async function saveResults(query: MysqlQuery, results: readonly StoredResult[]): Promise<void> {
  if (results.length === 0) return;
  const rows = byKey(results.map(resultValues));
  await query(saveSql, [rows.map((row) => withBytes(resultColumns, row))]);
}

/** An UPDATE, so that it never creates a row; the join is driven by the sorted list, so rows are locked in its order. */
export async function countHits(query: MysqlQuery, hits: readonly Hit[]): Promise<void> {
  const counts = hitCounts(hits);
  if (counts.length === 0) return;
  const rows = counts.map((_, index) =>
    index === 0
      ? 'SELECT ? AS sha256, _ascii ? COLLATE ascii_bin AS version, ? AS hits, ? AS at_ms'
      : 'SELECT ?, _ascii ?, ?, ?',
  );
  await query(
    `UPDATE (${rows.join(' UNION ALL ')}) h STRAIGHT_JOIN results r ON r.sha256 = h.sha256 AND r.version = h.version
      SET r.hits = r.hits + h.hits, r.last_hit_at_ms = GREATEST(COALESCE(r.last_hit_at_ms, h.at_ms), h.at_ms),
        r.used_at_ms = GREATEST(r.used_at_ms, h.at_ms - h.at_ms MOD ${hourMs})`,
    counts.flatMap(({ sha256, version, count, lastAt }) => [sha256, version, count, lastAt]),
  );
}

/** The row with its hex keys as bytes. */
export function withBytes(
  columns: readonly string[],
  row: readonly (string | number | null)[],
): (string | number | Buffer | null)[] {
  return row.map((value, index) =>
    typeof value === 'string' && binaryColumns.has(columns[index] ?? '') ? Buffer.from(value, 'hex') : value,
  );
}
