import type { Claim } from '../entities.ts';
import { hexKey } from './columns.ts';
import { byKey } from './result-rows.ts';

/** Columns that `saveClaims` fills, in the order of `claimValues`; the key comes first. */
export const claimColumns = ['claimant', 'claimed', 'content', 'at_ms'] as const;

function claimValues({ claimant, claimed, content, at }: Claim): readonly (string | number)[] {
  return [hexKey(claimant, 16), hexKey(claimed, 32), hexKey(content, 32), at];
}

/** Rows in the order of their keys, so that processes lock them in the same order. */
export function claimRows(claims: readonly Claim[]): (readonly (string | number)[])[] {
  return byKey(claims.map(claimValues));
}
