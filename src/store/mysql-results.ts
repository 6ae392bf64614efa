import { binaryKey, versionKey } from './columns.ts';
import type { MysqlQuery } from './mysql-connection.ts';
import { binaryColumns } from './record-rows.ts';
import {
  byKey,
  claimValues,
  foundFor,
  hitCounts,
  type ResultRow,
  resultColumns,
  resultValues,
} from './result-rows.ts';
import type { Claim, Found, Hit, Lookup, StoredResult } from './store.ts';

const answerColumns = `r.sha256, r.version, r.category, r.confidence, r.description, r.method, r.model, r.scores,
  r.created_at_ms`;

export async function findResults(
  query: MysqlQuery,
  lookups: readonly Lookup[],
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const { sql, values } = findStatement(lookups);
  const rows = await query(sql, values);
  return foundFor(lookups, rows as unknown as readonly ResultRow[]);
}

/** A list of (claimant, claimed) pairs is read by the primary key of `claims` on both servers. */
export function findStatement(lookups: readonly Lookup[]): { sql: string; values: readonly unknown[] } {
  const hashes = unique(lookups.map(({ hash }) => hash.toLowerCase())).map((hash) => binaryKey(hash, 32));
  const versions = unique(lookups.map(({ version }) => versionKey(version)));
  const claims = claimKeys(lookups);
  const verified = `SELECT ${answerColumns}, NULL AS claimant, NULL AS claimed
    FROM results r WHERE r.sha256 IN (?) AND r.version IN (?)`;
  if (claims.length === 0) return { sql: verified, values: [hashes, versions] };
  return {
    sql: `${verified} UNION ALL SELECT ${answerColumns}, c.claimant, c.claimed
      FROM claims c JOIN results r ON r.sha256 = c.content
      WHERE (c.claimant, c.claimed) IN (?) AND r.version IN (?)`,
    values: [hashes, versions, claims, versions],
  };
}

function claimKeys(lookups: readonly Lookup[]): readonly (readonly [Buffer, Buffer])[] {
  const keys = lookups.flatMap(({ claimant, hash }) =>
    claimant ? [`${claimant}/${hash}`.toLowerCase()] : [],
  );
  return unique(keys).map((key) => {
    const [claimant = '', hash = ''] = key.split('/');
    return [binaryKey(claimant, 16), binaryKey(hash, 32)];
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

const claimColumns = ['claimant', 'claimed', 'content', 'at_ms'];

const claimSql = `INSERT INTO claims (${claimColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  content = IF(VALUES(at_ms) >= at_ms, VALUES(content), content), at_ms = GREATEST(at_ms, VALUES(at_ms))`;

export async function saveClaims(query: MysqlQuery, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  const rows = byKey(claims.map(claimValues));
  await query(claimSql, [rows.map((row) => withBytes(claimColumns, row))]);
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
      SET r.hits = r.hits + h.hits, r.last_hit_at_ms = GREATEST(COALESCE(r.last_hit_at_ms, h.at_ms), h.at_ms)`,
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
