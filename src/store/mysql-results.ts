import type { AnswerBacklog } from './answer-backlog.ts';
import { claimsAtOnce, newestColumns, sharedAsker, sharedAskerHex, verifiedAsker } from './answer-rows.ts';
import { binaryKey, versionKey } from './columns.ts';
import { answerClaimsOn, answerVerified, holdClaims } from './mysql-answers.ts';
import type { MysqlQuery } from './mysql-connection.ts';
import type { MysqlPool } from './mysql-pool.ts';
import { binaryColumns } from './record-rows.ts';
import {
  byKey,
  hitRows,
  hourMs,
  type ResultRow,
  resultColumns,
  resultFrom,
  resultValues,
} from './result-rows.ts';
import type { ClaimSharing, Found, Hit, Lookup, StoredResult } from './store.ts';

interface AnswerRow extends ResultRow {
  readonly hash: Uint8Array;
  readonly asker: Uint8Array;
  readonly version: string;
  /** Absent where the hash is that of the content itself. */
  readonly content: Uint8Array | null;
  readonly corrected: string | null;
}

export async function findResults(
  query: MysqlQuery,
  lookups: readonly Lookup[],
  sharing?: ClaimSharing,
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const { sql, values } = findStatement(lookups, sharing);
  const rows = (await query(sql, values)) as unknown as readonly AnswerRow[];
  const byKey = new Map(rows.map((row) => [`${hexOf(row.hash)}/${row.version}/${hexOf(row.asker)}`, row]));
  return lookups.map((lookup) => foundAmong(byKey, lookup));
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const nobody = '0'.repeat(32);

/** Corrected by its claimant, verified, the claimant's own, everybody's. */
function foundAmong(rows: ReadonlyMap<string, AnswerRow>, lookup: Lookup): Found | undefined {
  const hash = lookup.hash.toLowerCase();
  const claimant = lookup.claimant?.toLowerCase();
  const rowFor = (asker: string) => rows.get(`${hash}/${versionKey(lookup.version)}/${asker}`);
  const own = claimant === undefined ? undefined : rowFor(claimant);
  if (own && own.corrected !== null) return found(own, lookup, 'claim');
  const verified = rowFor(nobody);
  if (verified) return found(verified, lookup, 'verified');
  if (own) return found(own, lookup, 'claim');
  const shared = claimant === undefined ? undefined : rowFor(sharedAskerHex);
  return shared && found(shared, lookup, 'shared');
}

function found(row: AnswerRow, { hash, version }: Lookup, via: Found['via']): Found {
  const sha256 = row.content === null ? hash.toLowerCase() : hexOf(row.content);
  return {
    ...resultFrom(row, { sha256, version }),
    via,
    ...(row.corrected !== null && { corrected: row.corrected }),
  };
}

const columns = `a.hash, a.asker, a.version, a.content, a.category, a.confidence, a.description, a.method, a.model,
  a.scores, a.created_at_ms, a.corrected`;

/**
 * Every row is read by its whole key: the hashes that a claimant asks for, each with those whose answers concern it. A
 * list for each claimant: most statements are one phone's.
 */
export function findStatement(
  lookups: readonly Lookup[],
  sharing?: ClaimSharing,
): { sql: string; values: readonly unknown[] } {
  const versions = unique(lookups.map(({ version }) => versionKey(version)));
  const others = typeof sharing === 'object' ? `${sharedAsker}, ?` : '?';
  const lists = [...Map.groupBy(lookups, ({ claimant }) => claimant?.toLowerCase())].map(
    ([claimant, asked]) =>
      claimant === undefined
        ? { condition: `a.hash IN (?) AND a.asker = ${verifiedAsker}`, values: [hashesOf(asked)] }
        : {
            condition: `a.hash IN (?) AND a.asker IN (${verifiedAsker}, ${others})`,
            values: [hashesOf(asked), binaryKey(claimant, 16)],
          },
  );
  const sql = `SELECT ${columns} FROM answers a FORCE INDEX (PRIMARY)
    WHERE (${lists.map(({ condition }) => condition).join(' OR ')}) AND a.version IN (?)${agreed(sharing)}`;
  const values = [...lists.flatMap((list) => list.values), versions];
  if (sharing !== 'anybody') return { sql, values };
  return { sql: `${sql} UNION ALL ${newestSql}`, values: [...values, hashesOf(lookups), versions] };
}

/** How many must agree is decided when it is read. */
function agreed(sharing?: ClaimSharing): string {
  if (typeof sharing !== 'object') return '';
  return ` AND (a.asker <> ${sharedAsker} OR a.witnesses >= ${Math.max(1, Math.floor(sharing.witnesses))})`;
}

const newestSql = `SELECT ${newestColumns} FROM claim_verdicts v FORCE INDEX (PRIMARY)
  JOIN results r FORCE INDEX (PRIMARY) ON r.sha256 = v.newest WHERE v.claimed IN (?) AND r.version IN (?)`;

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

const hashesOf = (lookups: readonly Lookup[]): Buffer[] =>
  unique(lookups.map(({ hash }) => hash.toLowerCase())).map((hash) => binaryKey(hash, 32));

/**
 * Replaces unless that would put a local answer over an LLM's. MySQL assigns from left to right and reads what it has
 * just assigned: this says the same before and after `method` is.
 */
const replaces = "(method = 'local' OR VALUES(method) = 'llm')";

const saveSql = `INSERT INTO results (${resultColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ${resultColumns
  .slice(2)
  .map((column) => `${column} = IF(${replaces}, VALUES(${column}), ${column})`)
  .join(', ')}`;

/** With what follows from them for claims on their contents; where these are many, the rest behind it. */
export async function saveResults(
  pool: MysqlPool,
  results: readonly StoredResult[],
  backlog: AnswerBacklog,
): Promise<void> {
  if (results.length === 0) return;
  const rows = byKey(results.map(resultValues)).map((row) => withBytes(resultColumns, row));
  const contents = unique(results.map(({ sha256 }) => sha256.toLowerCase())).sort();
  const answered = await pool.transaction(async (query) => {
    const isHeld = await holdClaims(query, contents);
    await query(saveSql, [rows]);
    await answerVerified(
      query,
      rows.map(([hash, version]) => [hash as Buffer, String(version)]),
    );
    return answerClaimsOn(query, contents, { limit: claimsAtOnce, waiting: !isHeld });
  });
  backlog.goOn(contents, answered);
}

/** An UPDATE, so that it never creates a row; the join is driven by the sorted list, so rows are locked in its order. */
export async function countHits(query: MysqlQuery, hits: readonly Hit[]): Promise<void> {
  if (hits.length === 0) return;
  const counts = hitRows(hits);
  const rows = counts.map((_, index) =>
    index === 0
      ? 'SELECT ? AS sha256, _ascii ? COLLATE ascii_bin AS version, ? AS hits, ? AS at_ms'
      : 'SELECT ?, _ascii ?, ?, ?',
  );
  await query(
    `UPDATE (${rows.join(' UNION ALL ')}) h STRAIGHT_JOIN results r ON r.sha256 = h.sha256 AND r.version = h.version
      SET r.hits = r.hits + h.hits, r.last_hit_at_ms = GREATEST(COALESCE(r.last_hit_at_ms, h.at_ms), h.at_ms),
        r.used_at_ms = GREATEST(r.used_at_ms, h.at_ms - h.at_ms MOD ${hourMs})`,
    counts.flatMap(([sha256, ...rest]) => [Buffer.from(sha256, 'hex'), ...rest]),
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
