import { createHash } from 'node:crypto';
import { StatementError } from '../outage.ts';

/** Sizes of text columns in code points. Longer text is cut: a long name must not cost a result. */
export const columnSize = {
  version: 64,
  description: 1000,
  model: 128,
  userId: 128,
  network: 64,
  requestId: 64,
  category: 32,
  colour: 8,
  errorCode: 64,
  scores: 4000,
  tags: 1000,
  tallyName: 64,
} as const;

/** Text as every column takes it: whole code points, none of them NUL, at most `size` of them. */
export function bounded(text: string, size: number): string {
  const clean = text.toWellFormed().replaceAll('\0', '');
  return clean.length <= size ? clean : Array.from(clean).slice(0, size).join('');
}

export function boundedOrNull(text: string | undefined, size: number): string | null {
  return text === undefined ? null : bounded(text, size);
}

/** A whole number of milliseconds or bytes that fits every integer column (2³² − 1 at most). */
export function wholeNumber(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), 0xffff_ffff) : 0;
}

/**
 * Lower-case hex of exactly that many bytes. Checked here because a fixed-width column would
 * pad a short one.
 * @throws StatementError
 */
export function hexKey(hex: string, bytes: 16 | 32): string {
  if (hex.length !== bytes * 2 || !/^[0-9a-f]+$/i.test(hex))
    throw new StatementError('BAD_KEY', `A key of ${bytes * 2} hex digits was expected.`);
  return hex.toLowerCase();
}

/** Bytes as a driver returns them. */
export function hexOf(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString('hex');
}

export function binaryKey(hex: string, bytes: 16 | 32): Buffer {
  return Buffer.from(hexKey(hex, bytes), 'hex');
}

/** The key of a version: itself if it fits its column, otherwise its beginning and a hash of the whole. */
export function versionKey(version: string): string {
  if (/^[\x21-\x7e]{1,64}$/.test(version)) return version;
  const digest = createHash('sha256').update(version).digest('hex').slice(0, 32);
  return `${version.replace(/[^\x21-\x7e]/g, '_').slice(0, 31)}~${digest}`;
}

/** Probabilities as JSON, six decimals each; null where they are absent or too many to keep. */
export function scoresText(scores: Readonly<Record<string, number>> | undefined): string | null {
  if (scores === undefined) return null;
  const rounded = Object.entries(scores).map(([label, score]) => [label, Math.round(score * 1e6) / 1e6]);
  const text = JSON.stringify(Object.fromEntries(rounded)).toWellFormed();
  return text.length > columnSize.scores ? null : text;
}

/** A JSON list; null where there are none or too many to keep. */
export function tagsText(tags: readonly string[] | undefined): string | null {
  const text = JSON.stringify(tags ?? []).toWellFormed();
  return text === '[]' || text.length > columnSize.tags ? null : text;
}

/** A whole number that every driver takes for an amount. */
export function wholeMicro(amount: number): number {
  const bound = Number.MAX_SAFE_INTEGER / 2;
  return Math.min(bound, Math.max(-bound, Math.round(amount)));
}
