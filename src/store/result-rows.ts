import { binaryKey, bounded, boundedOrNull, columnSize, hexKey, scoresText, versionKey } from './columns.ts';
import type { Found, Hit, Lookup, StoredResult } from './store.ts';

/** A result as both drivers read it, with the claim that led to it where one did. */
export interface ResultRow {
  readonly sha256: Uint8Array;
  readonly version: string;
  readonly category: string;
  readonly confidence: number;
  readonly description: string | null;
  readonly method: 'llm' | 'local';
  readonly model: string;
  readonly scores: string | null;
  readonly created_at_ms: number;
  /** Absent for a verified result. */
  readonly claimed: Uint8Array | null;
  /** Absent where the claim is everybody's. */
  readonly claimant: Uint8Array | null;
  readonly corrected: string | null;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Gives each look-up its row, in the order asked: corrected by its claimant, verified, its own, everybody's. */
export function foundFor(lookups: readonly Lookup[], rows: readonly ResultRow[]): (Found | undefined)[] {
  const byKey = new Map<string, ResultRow>();
  for (const row of rows) byKey.set(rowKey(row), row);
  return lookups.map((lookup) => {
    const [hash, version] = [lookup.hash.toLowerCase(), versionKey(lookup.version)];
    const verified = byKey.get(`${hash}/${version}`);
    const own = lookup.claimant && byKey.get(`${hash}/${version}/${lookup.claimant.toLowerCase()}`);
    if (own && (own.corrected !== null || !verified)) return found(own, lookup.version, 'claim');
    if (verified) return found(verified, lookup.version, 'verified');
    const shared = lookup.claimant && byKey.get(`${hash}/${version}/all`);
    return shared ? found(shared, lookup.version, 'shared') : undefined;
  });
}

function rowKey({ sha256, version, claimant, claimed }: ResultRow): string {
  if (claimed === null) return `${hexOf(sha256)}/${version}`;
  return `${hexOf(claimed)}/${version}/${claimant === null ? 'all' : hexOf(claimant)}`;
}

function found(row: ResultRow, version: string, via: Found['via']): Found {
  return {
    ...resultFrom(row, version),
    via,
    ...(row.corrected !== null && { corrected: row.corrected }),
  };
}

/** @param version as it was asked for: the column holds its key */
export function resultFrom(row: ResultRow, version: string): StoredResult {
  return {
    sha256: hexOf(row.sha256),
    version,
    category: row.category,
    confidence: row.confidence,
    ...(row.description !== null && { description: row.description }),
    method: row.method,
    model: row.model,
    ...(row.scores !== null && { scores: JSON.parse(row.scores) as Record<string, number> }),
    createdAt: row.created_at_ms,
  };
}

/** Columns of `results` that `saveResults` fills, in the order of `resultValues`; the key comes first. */
export const resultColumns = [
  'sha256',
  'version',
  'category',
  'confidence',
  'description',
  'model',
  'scores',
  'created_at_ms',
  'used_at_ms',
  'method',
] as const;

export function resultValues(result: StoredResult): readonly (string | number | null)[] {
  return [
    hexKey(result.sha256, 32),
    versionKey(result.version),
    result.category,
    result.confidence,
    boundedOrNull(result.description, columnSize.description),
    bounded(result.model, columnSize.model),
    scoresText(result.scores),
    result.createdAt,
    hourOf(result.createdAt),
    result.method,
  ];
}

/** When a result was last used is kept to the hour, so that a hit rarely moves it in its index. */
export const hourMs = 3_600_000;

const hourOf = (at: number): number => at - (at % hourMs);

/** All hits of one result. */
export interface HitCount {
  readonly sha256: Buffer;
  readonly version: string;
  readonly count: number;
  readonly lastAt: number;
}

/** Hits summed up by result, sorted by key: processes that count the same results lock them in the same order. */
export function hitCounts(hits: readonly Hit[]): readonly HitCount[] {
  const counts = new Map<string, HitCount>();
  for (const hit of hits) {
    const version = versionKey(hit.version);
    const key = `${hit.sha256}/${version}`;
    const { count, lastAt } = counts.get(key) ?? { count: 0, lastAt: hit.at };
    const sha256 = binaryKey(hit.sha256, 32);
    counts.set(key, { sha256, version, count: count + 1, lastAt: Math.max(lastAt, hit.at) });
  }
  return [...counts.values()].sort((a, b) => a.sha256.compare(b.sha256) || (a.version < b.version ? -1 : 1));
}

/** Rows sorted by their first two values (their key), those of one key in the order they came. */
export function byKey<Row extends readonly (string | number | null)[]>(rows: readonly Row[]): Row[] {
  const keyOf = (row: Row): string => `${row[0]}/${row[1]}`;
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}
