import { hourMs } from '../../durations.ts';
import type { ClaimTrust, Found, Hit, Lookup, StoredResult } from '../entities.ts';
import { binaryKey, hexOf, versionKey } from '../rows/columns.ts';
import { binaryColumns } from '../rows/record-rows.ts';
import {
  answerColumns,
  byKey,
  hitRows,
  type ResultRow,
  resultColumns,
  resultFrom,
  resultValues,
} from '../rows/result-rows.ts';
import { isRepeated } from './batches.ts';
import type { MysqlQuery } from './connection.ts';
import type { MysqlPool } from './pool.ts';

/** A result under a hash; for a claim of a photo without a result, the correction alone. */
type FoundRow = (ResultRow | { readonly category: null }) & {
  readonly via: Found['via'];
  readonly hash: Uint8Array;
  readonly version: string | null;
  readonly claimant: Uint8Array | null;
  readonly content: Uint8Array;
  readonly corrected: string | null;
};

/** One statement. A correction comes first, then the verified result, the claimant's own claim, another claimant's. */
export async function findResults(
  query: MysqlQuery,
  lookups: readonly Lookup[],
  trust: ClaimTrust,
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const { sql, values } = findStatement(lookups, trust);
  const rows = (await query(sql, values)) as unknown as readonly FoundRow[];
  const results = new Map<string, FoundRow>();
  const corrections = new Map<string, string>();
  for (const row of rows) {
    const key = `${row.via}/${hexOf(row.hash)}/${row.claimant === null ? '' : hexOf(row.claimant)}`;
    if (row.category !== null) results.set(`${key}/${row.version}`, row);
    if (row.corrected !== null) corrections.set(key, row.corrected);
  }
  return lookups.map(({ hash, version, claimant }) => {
    const row = (via: Found['via'], of = '') =>
      results.get(`${via}/${hash.toLowerCase()}/${of}/${versionKey(version)}`);
    const own = claimant?.toLowerCase();
    const corrected = own && corrections.get(`claim/${hash.toLowerCase()}/${own}`);
    const [verified, claimed] = [row('verified'), own === undefined ? undefined : row('claim', own)];
    const ownResult = corrected ? (claimed ?? verified) : (verified ?? claimed);
    const found = ownResult ?? (own && row('other'));
    return found ? foundFrom(found, version, corrected) : undefined;
  });
}

function foundFrom(row: FoundRow, version: string, corrected?: string): Found {
  const result = resultFrom(row as ResultRow, { sha256: hexOf(row.content), version });
  return { ...result, via: corrected ? 'claim' : row.via, ...(corrected && { corrected }) };
}

/** Every row is read by its key: those of the hashes themselves, and those of each claimant's claims on them. */
export function findStatement(
  lookups: readonly Lookup[],
  trust: ClaimTrust,
): { sql: string; values: readonly unknown[] } {
  const versions = unique(lookups.map(({ version }) => versionKey(version)));
  const parts: { sql: string; values: readonly unknown[] }[] = [
    { sql: verifiedSql, values: [hashesOf(lookups), versions] },
  ];
  const own = [...Map.groupBy(lookups, ({ claimant }) => claimant)].flatMap(([claimant, asked]) =>
    claimant === undefined ? [] : [{ claimant, hashes: hashesOf(asked) }],
  );
  if (own.length > 0)
    parts.push({
      sql: `${ownSql} WHERE ${own.map(() => 'c.claimant = ? AND c.claimed IN (?)').join(' OR ')}`,
      values: [versions, ...own.flatMap(({ claimant, hashes }) => [binaryKey(claimant, 16), hashes])],
    });
  if (own.length > 0 && trust === 'all') {
    const hashes = unique(own.flatMap((one) => one.hashes));
    parts.push({ sql: newestSql(hashes.length), values: [...hashes, versions] });
  }
  return {
    sql: parts.map(({ sql }) => sql).join(' UNION ALL '),
    values: parts.flatMap(({ values }) => values),
  };
}

const verifiedSql = `SELECT 'verified' AS via, r.sha256 AS hash, r.version, NULL AS claimant, r.sha256 AS content,
    NULL AS corrected, ${answerColumns}
  FROM results r FORCE INDEX (PRIMARY) WHERE r.sha256 IN (?) AND r.version IN (?)`;

const ownSql = `SELECT 'claim', c.claimed, r.version, c.claimant, c.content, c.corrected, ${answerColumns}
  FROM album_claims c FORCE INDEX (PRIMARY)
  LEFT JOIN results r FORCE INDEX (PRIMARY) ON r.sha256 = c.content AND r.version IN (?)`;

/** Reads one claim of each hash, however many there are. */
const newestSql = (
  hashes: number,
): string => `SELECT 'other', c.claimed, r.version, NULL, c.content, NULL, ${answerColumns}
  FROM (SELECT ? AS claimed${' UNION ALL SELECT ?'.repeat(hashes - 1)}) h
  STRAIGHT_JOIN album_claims c FORCE INDEX (PRIMARY) ON c.claimed = h.claimed AND c.claimant = (
    SELECT n.claimant FROM album_claims n FORCE INDEX (album_claims_claimed) WHERE n.claimed = h.claimed
    ORDER BY n.at_ms DESC, n.claimant DESC LIMIT 1)
  STRAIGHT_JOIN results r FORCE INDEX (PRIMARY) ON r.sha256 = c.content AND r.version IN (?)`;

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

const hashesOf = (lookups: readonly Lookup[]): Buffer[] =>
  unique(lookups.map(({ hash }) => hash.toLowerCase())).map((hash) => binaryKey(hash, 32));

/**
 * An LLM's answer replaces a local one, and a newer one an older one of the same method. MySQL assigns from left to right and reads what it has
 * just assigned: this has the same value before and after `method` is.
 */
const replaces =
  "IF(method = VALUES(method), VALUES(created_at_ms) >= created_at_ms, VALUES(method) = 'llm')";

const saveSql = `INSERT INTO results (${resultColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ${resultColumns
  .slice(2)
  .map((column) => `${column} = IF(${replaces}, ${savedValue(column)}, ${column})`)
  .join(', ')}`;

/** A result that is saved again, to complete it, was used when it was used. */
function savedValue(column: string): string {
  return column === 'used_at_ms' ? `GREATEST(${column}, VALUES(${column}))` : `VALUES(${column})`;
}

export async function saveResults(query: MysqlQuery, results: readonly StoredResult[]): Promise<void> {
  if (results.length === 0) return;
  await query(saveSql, [byKey(results.map(resultValues)).map((row) => withBytes(resultColumns, row))]);
}

/** An UPDATE, so that it never creates a row; the join is driven by the sorted list, so rows are locked in its order. */
export async function countHits(pool: MysqlPool, hits: readonly Hit[], batch?: string): Promise<void> {
  if (hits.length === 0) return;
  const counts = hitRows(hits);
  const values = counts.flatMap(([sha256, ...rest]) => [Buffer.from(sha256, 'hex'), ...rest]);
  await pool.transaction(async (query) => {
    if (!(await isRepeated(query, batch))) await query(hitsSql(counts.length), values);
  });
}

const hitsSql = (rows: number): string => `UPDATE (
    SELECT ? AS sha256, _ascii ? COLLATE ascii_bin AS version, ? AS hits, ? AS at_ms
    ${'UNION ALL SELECT ?, _ascii ?, ?, ? '.repeat(rows - 1)}) h
  STRAIGHT_JOIN results r ON r.sha256 = h.sha256 AND r.version = h.version
  SET r.hits = r.hits + h.hits, r.last_hit_at_ms = GREATEST(COALESCE(r.last_hit_at_ms, h.at_ms), h.at_ms),
    r.used_at_ms = GREATEST(r.used_at_ms, h.at_ms - h.at_ms MOD ${hourMs})`;

/** The row with its hex keys as bytes. */
export function withBytes(
  columns: readonly string[],
  row: readonly (string | number | null)[],
): (string | number | Buffer | null)[] {
  return row.map((value, index) =>
    typeof value === 'string' && binaryColumns.has(columns[index] ?? '') ? Buffer.from(value, 'hex') : value,
  );
}
