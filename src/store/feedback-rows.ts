import { bounded, boundedOrNull, columnSize, hexKey } from './columns.ts';
import type { Feedback } from './store.ts';

export const feedbackColumns = [
  'claimant',
  'hash',
  'category',
  'answered',
  'model',
  'network',
  'at_ms',
] as const;

export function feedbackValues(feedback: Feedback): readonly (string | number | null)[] {
  return [
    hexKey(feedback.claimant, 16),
    hexKey(feedback.hash, 32),
    bounded(feedback.category, columnSize.category),
    boundedOrNull(feedback.answered, columnSize.category),
    boundedOrNull(feedback.model, columnSize.model),
    bounded(feedback.network, columnSize.network),
    feedback.at,
  ];
}

/** Under which hashes the claimant is answered differently from now on. */
export function correctedHashes({ hash, content }: Feedback): string[] {
  return [...new Set([hash, content ?? hash].map((one) => hexKey(one, 32)))];
}

export const newestFeedbackSql = `SELECT claimant, hash, category, answered, model, network, at_ms
  FROM feedback ORDER BY at_ms DESC LIMIT ?`;

export function feedbackFrom(row: Readonly<Record<string, unknown>>): Feedback {
  const hex = (value: unknown) => Buffer.from(value as Uint8Array).toString('hex');
  return {
    claimant: hex(row.claimant),
    hash: hex(row.hash),
    category: String(row.category),
    ...(row.answered !== null && { answered: String(row.answered) }),
    ...(row.model !== null && { model: String(row.model) }),
    network: String(row.network),
    at: Number(row.at_ms),
  };
}
