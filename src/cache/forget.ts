import { inSmallSteps } from '../resilience/small-steps.ts';
import type { Deletion } from '../store/deletions.ts';
import type { Store } from '../store/store.ts';

/** What is to be forgotten: a photo by its hash, claimants (`claimantKey`), or all from before a time. */
export type Forgettable =
  | { readonly hash: string }
  | { readonly claimants: readonly string[] }
  /** Unix milliseconds. */
  | { readonly before: number };

/** Rows deleted, by what they were. */
export type Forgotten = Record<
  'results' | 'claims' | 'feedback' | 'photos' | 'requests' | 'days' | 'refusals',
  number
>;

/**
 * Deletes all there is of it, in small steps, and counts. What this process has in memory is the caller's to clear;
 * other processes forget within the time that memory lives.
 * @throws UnavailableError the store went down; what was deleted by then is, and the rest can be asked for again
 */
export async function forget(store: Pick<Store, 'deleteSome'>, what: Forgettable): Promise<Forgotten> {
  const forgotten: Forgotten = {
    results: 0,
    claims: 0,
    feedback: 0,
    photos: 0,
    requests: 0,
    days: 0,
    refusals: 0,
  };
  for (const deletion of deletionsFor(what)) {
    const deleted = await inSmallSteps({ step: (limit) => store.deleteSome(deletion, limit) });
    if (deletion.of !== 'leases') forgotten[deletion.of] += deleted;
  }
  return forgotten;
}

function deletionsFor(what: Forgettable): Deletion[] {
  if ('claimants' in what)
    return what.claimants.flatMap((claimant) =>
      (['claims', 'feedback', 'photos', 'requests', 'days'] as const).map((of) => ({ of, claimant })),
    );
  if ('before' in what)
    return (['results', 'claims', 'feedback', 'photos', 'requests', 'days'] as const).map((of) => ({
      of,
      ...what,
    }));
  const byHash = (['results', 'claims', 'feedback', 'photos', 'refusals'] as const).map((of) => ({
    of,
    ...what,
  }));
  return [...byHash, { of: 'claims', content: what.hash }];
}
