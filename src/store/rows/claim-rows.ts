import type { Claim, Feedback } from '../entities.ts';
import { bounded, boundedOrNull, columnSize, hexKey, hexOf } from './columns.ts';
import { byKey } from './result-rows.ts';

/** Columns that `saveClaims` fills, in the order of `claimValues`; the key first. */
export const claimColumns = ['claimant', 'claimed', 'content', 'at_ms', 'corrected'] as const;

function claimValues({
  claimant,
  claimed,
  content,
  at,
  corrected,
}: Claim): readonly (string | number | null)[] {
  const category = boundedOrNull(corrected, columnSize.category);
  return [hexKey(claimant, 16), hexKey(claimed, 32), hexKey(content, 32), at, category];
}

/** Rows in the order of their keys, so that processes lock them in the same order. */
export function claimRows(claims: readonly Claim[]): (readonly (string | number | null)[])[] {
  return byKey(claims.map(claimValues));
}

export const feedbackColumns = [
  'claimant',
  'hash',
  'content',
  'category',
  'answered',
  'model',
  'at_ms',
] as const;

export function feedbackValues(feedback: Feedback, content: string): readonly (string | number | null)[] {
  return [
    hexKey(feedback.claimant, 16),
    hexKey(feedback.hash, 32),
    hexKey(content, 32),
    bounded(feedback.category, columnSize.category),
    boundedOrNull(feedback.answered, columnSize.category),
    boundedOrNull(feedback.model, columnSize.model),
    feedback.at,
  ];
}

/** Under which hashes the claimant is answered differently from now on: as it knows the photo, and its bytes' own. */
export function correctedHashes({ hash }: Feedback, content: string): string[] {
  return [...new Set([hexKey(hash, 32), content])].sort();
}

export const newestFeedbackSql = `SELECT claimant, hash, category, answered, model, at_ms
  FROM corrections ORDER BY at_ms DESC LIMIT ?`;

export function feedbackFrom(row: Readonly<Record<string, unknown>>): Feedback {
  return {
    claimant: hexOf(row.claimant),
    hash: hexOf(row.hash),
    category: String(row.category),
    ...(row.answered !== null && { answered: String(row.answered) }),
    ...(row.model !== null && { model: String(row.model) }),
    at: Number(row.at_ms),
  };
}
