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

type Results = ReadonlyMap<string, StoredResult>;

/** What a hash stands for, by a claim. */
interface ClaimRow {
  readonly claimant: Uint8Array;
  readonly claimed: Uint8Array;
  readonly content: Uint8Array;
  readonly corrected: string | null;
}

/**
 * A correction comes first, then the verified result, the claimant's own claim, another claimant's. No statement joins
 * tables: claims lie by claimant and results by content, on other servers where the database is sharded.
 */
export async function findResults(
  query: MysqlQuery,
  lookups: readonly Lookup[],
  trust: ClaimTrust,
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const versions = lookups.map(({ version }) => version);
  const asked = unique(lookups.map(({ hash }) => hash.toLowerCase()));
  const [verified, own, newest] = await Promise.all([
    readResults(query, asked, versions),
    readClaims(query, ownClaimsStatement(lookups)),
    readClaims(query, trust === 'all' ? newestClaimsStatement(lookups) : undefined),
  ]);
  const contents = unique([...own, ...newest].map(({ content }) => hexOf(content)));
  const unread = contents.filter((content) => !asked.includes(content));
  const results = new Map([...verified, ...(await readResults(query, unread, versions))]);
  const ownByKey = new Map(own.map((row) => [`${hexOf(row.claimant)}/${hexOf(row.claimed)}`, row]));
  const newestByHash = new Map(newest.map((row) => [hexOf(row.claimed), row]));
  return lookups.map(({ hash, version, claimant }) => {
    const key = hash.toLowerCase();
    const claim = claimant === undefined ? undefined : ownByKey.get(`${claimant.toLowerCase()}/${key}`);
    const other = claimant === undefined ? undefined : newestByHash.get(key);
    const corrected = claim?.corrected ?? undefined;
    const result = (via: Found['via'], content: string | undefined): Found | undefined => {
      const found = content === undefined ? undefined : results.get(resultKey(content, version));
      return found && { ...found, version, via, ...(corrected !== undefined && { via: 'claim', corrected }) };
    };
    const claimed = result('claim', claim && hexOf(claim.content));
    const byBytes = result('verified', key);
    const ownResult = corrected === undefined ? (byBytes ?? claimed) : (claimed ?? byBytes);
    return ownResult ?? result('other', other && hexOf(other.content));
  });
}

const resultKey = (sha256: string, version: string): string => `${sha256}/${versionKey(version)}`;

/** One statement, by whole keys. @param hashes hex digits */
export async function readResults(
  query: MysqlQuery,
  hashes: readonly string[],
  versions: readonly string[],
): Promise<Results> {
  if (hashes.length === 0) return new Map();
  const { sql, values } = resultsStatement(hashes, versions);
  const rows = (await query(sql, values)) as unknown as readonly (ResultRow &
    Readonly<{ sha256: Uint8Array; version: string }>)[];
  return new Map(
    rows.map((row) => {
      const { version } = row;
      const sha256 = hexOf(row.sha256);
      return [`${sha256}/${version}`, resultFrom(row, { sha256, version })];
    }),
  );
}

export interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export function resultsStatement(hashes: readonly string[], versions: readonly string[]): Statement {
  return {
    sql: `SELECT r.sha256, r.version, ${answerColumns} FROM results r FORCE INDEX (PRIMARY)
      WHERE r.sha256 IN (?) AND r.version IN (?)`,
    values: [keysOf(hashes), unique(versions.map(versionKey))],
  };
}

async function readClaims(query: MysqlQuery, statement?: Statement): Promise<readonly ClaimRow[]> {
  if (statement === undefined) return [];
  return (await query(statement.sql, statement.values)) as unknown as readonly ClaimRow[];
}

/** Undefined where no look-up has a claimant. */
export function ownClaimsStatement(lookups: readonly Lookup[]): Statement | undefined {
  const own = [...Map.groupBy(lookups, ({ claimant }) => claimant)].flatMap(([claimant, asked]) =>
    claimant === undefined ? [] : [[binaryKey(claimant, 16), hashesOf(asked)]],
  );
  if (own.length === 0) return undefined;
  return {
    sql: `SELECT c.claimant, c.claimed, c.content, c.corrected FROM album_claims c FORCE INDEX (PRIMARY)
      WHERE ${own.map(() => 'c.claimant = ? AND c.claimed IN (?)').join(' OR ')}`,
    values: own.flat(),
  };
}

/** Reads one claim of each hash, however many there are. */
export function newestClaimsStatement(lookups: readonly Lookup[]): Statement | undefined {
  const hashes = hashesOf(lookups.filter(({ claimant }) => claimant !== undefined));
  if (hashes.length === 0) return undefined;
  const one = `(SELECT n.claimant, n.claimed, n.content, NULL AS corrected
    FROM album_claims n FORCE INDEX (album_claims_claimed) WHERE n.claimed = ?
    ORDER BY n.at_ms DESC, n.claimant DESC LIMIT 1)`;
  return { sql: hashes.map(() => one).join(' UNION ALL '), values: hashes };
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

const keysOf = (hashes: readonly string[]): Buffer[] => hashes.map((hash) => binaryKey(hash, 32));

const hashesOf = (lookups: readonly Lookup[]): Buffer[] =>
  keysOf(unique(lookups.map(({ hash }) => hash.toLowerCase())));

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

/**
 * An UPDATE, so that it never creates a row. It takes the time of the newest of the hits, which happened within about a
 * second. The index is named so that all processes lock rows in the order of their keys.
 */
export async function countHits(pool: MysqlPool, hits: readonly Hit[], batch?: string): Promise<void> {
  if (hits.length === 0) return;
  const rows = hitRows(hits).map(([sha256, version, count, at]) => {
    const hash = Buffer.from(sha256, 'hex');
    return { hash, key: [hash, version] as const, count, at };
  });
  // Most were hit once.
  const counts = [...Map.groupBy(rows, ({ count }) => count)];
  const cases = counts.map(() => 'WHEN (sha256, version) IN (?) THEN ?');
  const at = Math.max(...rows.map((row) => row.at));
  await pool.transaction(async (query) => {
    if (await isRepeated(query, batch)) return;
    await query(
      `UPDATE results FORCE INDEX (PRIMARY) SET hits = hits + CASE ${cases.join(' ')} END,
        last_hit_at_ms = GREATEST(COALESCE(last_hit_at_ms, ?), ?), used_at_ms = GREATEST(used_at_ms, ?)
        WHERE sha256 IN (?) AND (sha256, version) IN (?)`,
      [
        ...counts.flatMap(([count, some]) => [some.map(({ key }) => key), count]),
        ...[at, at, at - (at % hourMs)],
        ...[rows.map(({ hash }) => hash), rows.map(({ key }) => key)],
      ],
    );
  });
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
