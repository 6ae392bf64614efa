import type { Look } from '../image/photo.ts';
import { type LookColumns, lookFrom } from './claim-rows.ts';
import { bitsApart, isAlike } from './look.ts';
import { type ResultRow, resultFrom } from './result-rows.ts';
import type { StoredResult } from './store.ts';

/** A result and what its content looks like, as both drivers read them. */
export type TwinRow = ResultRow & LookColumns & { readonly sha256: Uint8Array };

/** How many twins are of interest: the nearest may not be what may be served. */
const most = 5;

/** Those rows that are of the same picture, the nearest first. */
export function twinsAmong(rows: readonly TwinRow[], look: Look, version: string): StoredResult[] {
  return rows
    .flatMap((row) => {
      const other = lookFrom(row);
      return other && isAlike(look, other) ? [{ row, bits: bitsApart(look.hash, other.hash) }] : [];
    })
    .sort((a, b) => a.bits - b.bits)
    .slice(0, most)
    .map(({ row }) => resultFrom(row, { sha256: Buffer.from(row.sha256).toString('hex'), version }));
}
