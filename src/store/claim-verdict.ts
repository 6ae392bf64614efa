import { isAlike, type StoredLook } from './look.ts';

/** A claim on one hash, with what its content looks like where that is known. */
export interface Testimony {
  readonly claimant: string;
  /** Empty where unknown: then it is no witness. */
  readonly network: string;
  readonly content: string;
  /** What the claimant was told its photo shows. */
  readonly category: string;
  readonly at: number;
  readonly look?: StoredLook;
}

/** What all claims on one hash amount to. */
export interface Verdict {
  /** The newest of the contents that the witnesses claim, and what they were all told it shows. */
  readonly content: string | null;
  readonly category: string | null;
  /** Networks from which different claimants claimed the hash for pictures that look alike and show the same. */
  readonly witnesses: number;
  /** Claims for pictures that look different from the oldest one. */
  readonly conflicts: number;
  /** The newest content of all, whatever the others say. */
  readonly newest: string | null;
}

/** Claims on one hash that are heard; whoever comes later changes nothing any more. */
export const mostTestimonies = 200;

/**
 * Hears the claims on one hash. A claimant has one claim, so different networks are different claimants. That the
 * witnesses were told the same keeps a picture that was made to look like another one from changing the answer: one
 * honest witness among them is enough.
 */
export function verdictOn(testimonies: readonly Testimony[]): Verdict {
  const byAge = testimonies.toSorted((a, b) => a.at - b.at || (a.claimant < b.claimant ? -1 : 1));
  const standard = byAge.find(({ look }) => look !== undefined) ?? byAge[0];
  const agreeing = byAge.filter((one) => standard && compare(one, standard) === 'alike');
  const groups = Map.groupBy(agreeing, ({ category }) => category);
  const [best] = [...groups.values()]
    .map((claims) => ({ claims, witnesses: networksOf(claims) }))
    .sort((a, b) => b.witnesses - a.witnesses);
  const chosen = best?.claims.at(-1);
  return {
    content: chosen?.content ?? null,
    category: chosen?.category ?? null,
    witnesses: best?.witnesses ?? 0,
    conflicts: byAge.filter((one) => standard && compare(one, standard) === 'different').length,
    newest: byAge.at(-1)?.content ?? null,
  };
}

function compare(one: Testimony, other: Testimony): 'alike' | 'different' | 'unknown' {
  if (one.content === other.content) return 'alike';
  if (!one.look || !other.look) return 'unknown';
  return isAlike(one.look, other.look) ? 'alike' : 'different';
}

function networksOf(claims: readonly Testimony[]): number {
  return new Set(claims.filter(({ network, category }) => network && category).map(({ network }) => network))
    .size;
}
