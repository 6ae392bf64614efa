import { hourMs } from '../../durations.ts';
import type { Hit, StoredResult } from '../entities.ts';
import { bounded, boundedOrNull, columnSize, hexKey, scoresText, tagsText, versionKey } from './columns.ts';

/** The answer for a content, as both drivers read it. */
export interface ResultRow {
  readonly category: string;
  readonly confidence: number;
  readonly description: string | null;
  readonly method: 'llm' | 'local';
  readonly model: string;
  readonly scores: string | null;
  readonly colour: string | null;
  readonly tags: string | null;
  readonly created_at_ms: number;
}

/** Columns of a `ResultRow`. */
export const answerNames = [
  'category',
  'confidence',
  'description',
  'method',
  'model',
  'scores',
  'colour',
  'tags',
  'created_at_ms',
] as const satisfies (keyof ResultRow)[];

/** The same, of `results r`. */
export const answerColumns = answerNames.map((name) => `r.${name}`).join(', ');

/** @param of version of the look-up: the column holds its key */
export function resultFrom(row: ResultRow, of: Pick<StoredResult, 'sha256' | 'version'>): StoredResult {
  return {
    sha256: of.sha256,
    version: of.version,
    category: row.category,
    confidence: row.confidence,
    ...(row.description !== null && { description: row.description }),
    method: row.method,
    model: row.model,
    ...(row.scores !== null && { scores: JSON.parse(row.scores) as Record<string, number> }),
    ...(row.colour !== null && { colour: row.colour }),
    ...(row.tags !== null && { tags: JSON.parse(row.tags) as readonly string[] }),
    createdAt: row.created_at_ms,
  };
}

/** Columns of `results` that `saveResults` fills, in the order of `resultValues`; the key first. */
export const resultColumns = [
  'sha256',
  'version',
  'category',
  'confidence',
  'description',
  'model',
  'scores',
  'colour',
  'tags',
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
    boundedOrNull(result.colour, columnSize.colour),
    tagsText(result.tags),
    result.createdAt,
    hourOf(result.createdAt),
    result.method,
  ];
}

/** When a result was last used is kept to the hour, so that a hit rarely moves it in its index. */
const hourOf = (at: number): number => at - (at % hourMs);

/** Hits sorted by key: processes that count the same results lock them in the same order. */
export function hitRows(hits: readonly Hit[]): readonly (readonly [string, string, number, number])[] {
  return byKey(
    hits.map(
      ({ sha256, version, count, at }) => [hexKey(sha256, 32), versionKey(version), count, at] as const,
    ),
  );
}

/** Rows sorted by their first two values (their key), those of one key in the order they came. */
export function byKey<Row extends readonly (string | number | null)[]>(rows: readonly Row[]): Row[] {
  const keyOf = (row: Row): string => `${row[0]}/${row[1]}`;
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}

/** Of no photo and no claimant: reads the tables of look-ups and finds nothing. */
export const probeLookup = { hash: '0'.repeat(64), version: 'probe', claimant: '0'.repeat(32) };
