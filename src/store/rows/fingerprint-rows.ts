import type { PictureCells } from '../../image/photo.ts';
import type { ClaimantFingerprint, NearDuplicate } from '../entities.ts';
import { StatementError } from '../outage.ts';
import { hexKey, hexOf } from './columns.ts';
import { type ResultRow, resultFrom } from './result-rows.ts';

/** Rows that one look-up reads: thousands of screenshots of one app may share their bits. */
export const mostCandidates = 200;

/** A result and the fingerprint of its photo, as both drivers read them. */
export type CandidateRow = ResultRow & {
  readonly sha256: Uint8Array;
  readonly brightness: Uint8Array;
  readonly colours: Uint8Array;
  readonly aspect: number;
};

export function candidateFrom(row: CandidateRow, version: string): NearDuplicate {
  const { brightness, colours, aspect } = row;
  const sha256 = hexOf(row.sha256);
  return { result: resultFrom(row, { sha256, version }), picture: { brightness, colours, aspect } };
}

/** Checked, one a key, sorted by key: processes that write the same rows lock them in the same order. */
export function fingerprintRows(fingerprints: readonly ClaimantFingerprint[]): readonly FingerprintRow[] {
  const rows = new Map<string, FingerprintRow>();
  for (const { claimant, content, fingerprint } of fingerprints) {
    const { bits, aspect } = fingerprint;
    const [brightness, colours] = [
      cellsHex(fingerprint, 'brightness', 784),
      cellsHex(fingerprint, 'colours', 48),
    ];
    const isSound = isWhole(bits, 0, 2 ** 20 - 1) && isWhole(aspect, 1, 65_535);
    if (!isSound) throw new StatementError('BAD_FINGERPRINT', 'A fingerprint is bits, cells and an aspect.');
    const key = [hexKey(claimant, 16), bits, hexKey(content, 32)] as const;
    rows.set(key.join('/'), [...key, brightness, colours, aspect]);
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** In the order of `fingerprintColumns`, bytes as hex digits. */
export type FingerprintRow = readonly [
  claimant: string,
  bits: number,
  content: string,
  brightness: string,
  colours: string,
  aspect: number,
];

export const fingerprintColumns = 'claimant, bits, content, brightness, colours, aspect';

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

/** @throws StatementError cells of another number */
function cellsHex(picture: PictureCells, cells: 'brightness' | 'colours', count: number): string {
  const levels = picture[cells];
  if (levels.length !== count)
    throw new StatementError('BAD_FINGERPRINT', `A fingerprint has ${count} levels of ${cells}.`);
  return Buffer.from(levels).toString('hex');
}
