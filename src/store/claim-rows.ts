import type { ClaimKey } from './answer-rows.ts';
import { type Testimony, type Verdict, verdictOn } from './claim-verdict.ts';
import { bounded, columnSize, hexKey } from './columns.ts';
import type { StoredLook } from './look.ts';
import { byKey } from './result-rows.ts';
import type { Claim } from './store.ts';

/** Columns that `saveClaims` fills, in the order of `claimValues`; the key comes first. */
export const claimColumns = ['claimed', 'claimant', 'content', 'category', 'network', 'at_ms'] as const;

export function claimValues(claim: Claim): readonly (string | number)[] {
  return [
    hexKey(claim.claimed, 32),
    hexKey(claim.claimant, 16),
    hexKey(claim.content, 32),
    bounded(claim.category, columnSize.category),
    bounded(claim.network, columnSize.network),
    claim.at,
  ];
}

/** Rows in the order of their keys, so that processes lock them in the same order. */
export function claimRows(claims: readonly Claim[]): (readonly (string | number)[])[] {
  return byKey(claims.map(claimValues));
}

export const claimedHashes = (claims: readonly Claim[]): string[] =>
  [...new Set(claims.map(({ claimed }) => hexKey(claimed, 32)))].sort();

export const claimKeys = (claims: readonly Claim[]): ClaimKey[] =>
  claims.map(({ claimed, claimant }) => [hexKey(claimed, 32), hexKey(claimant, 16)]);

/** A claim with its content's look and its hash's revision, as both drivers read it. */
export interface TestimonyRow extends LookColumns {
  readonly claimed: Uint8Array;
  readonly revision: number;
  readonly claimant: Uint8Array;
  readonly content: Uint8Array;
  readonly category: string;
  readonly network: string;
  readonly at_ms: number;
}

/** A look's columns; null where there is none. `hash` comes as hex digits. */
export interface LookColumns {
  readonly hash: string | null;
  readonly colours: Uint8Array | null;
  readonly aspect: number | null;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function lookFrom({ hash, colours, aspect }: LookColumns): StoredLook | undefined {
  if (hash === null || colours === null || aspect === null) return undefined;
  return { hash: hash.toLowerCase(), colours: hexOf(colours), aspect };
}

function testimonyOf(row: TestimonyRow): Testimony {
  const look = lookFrom(row);
  return {
    claimant: hexOf(row.claimant),
    network: row.network,
    content: hexOf(row.content),
    category: row.category,
    at: row.at_ms,
    ...(look && { look }),
  };
}

/** The verdict on each hash among the rows, with the revision it was reached at. */
export function verdictsFrom(
  rows: readonly TestimonyRow[],
): { claimed: string; revision: number; verdict: Verdict }[] {
  return [...Map.groupBy(rows, ({ claimed }) => hexOf(claimed))].map(([claimed, group]) => ({
    claimed,
    revision: Number(group[0]?.revision ?? 0),
    verdict: verdictOn(group.map(testimonyOf)),
  }));
}
