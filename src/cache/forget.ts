import { inSmallSteps } from '../resilience/small-steps.ts';
import type { Erasure } from '../store/entities.ts';
import type { Deletion } from '../store/rows/deletions.ts';
import type { Store } from '../store/store.ts';

/** A photo by its hash, claimants (`claimantKey`), or everything before a time. */
export type Forgettable =
  | { readonly hash: string }
  | { readonly claimants: readonly string[] }
  /** Unix milliseconds. */
  | { readonly before: number };

/** Rows deleted, by what they were. */
export type Forgotten = Record<
  Exclude<Deletion['of'], 'leases' | 'reports' | 'batches' | 'erasures'>,
  number
>;

export interface ForgetOptions {
  /** Unix milliseconds. */
  readonly at?: number;
  /** Removes it from what waits to be written. */
  readonly erase?: (erasures: readonly Erasure[]) => Promise<void>;
}

/**
 * Deletes all there is of it, in small steps, and counts. What this process has in memory is the caller's to clear;
 * other processes forget within the time that memory lives.
 * @throws UnavailableError the store went down; what was deleted by then is, and the rest can be asked for again
 */
export async function forget(
  store: Pick<Store, 'maintenance'>,
  what: Forgettable,
  { at = Date.now(), erase }: ForgetOptions = {},
): Promise<Forgotten> {
  const erasures = erasuresOf(what, at);
  await store.maintenance.saveErasures(erasures);
  await erase?.(erasures);
  const forgotten: Forgotten = {
    results: 0,
    claims: 0,
    feedback: 0,
    fingerprints: 0,
    photos: 0,
    requests: 0,
    days: 0,
    refusals: 0,
  };
  for (const deletion of deletionsFor(what)) {
    const pass = {};
    const deleted = await inSmallSteps({
      step: (limit) => store.maintenance.deleteSome(deletion, limit, pass),
      aimMs: store.maintenance.stepMs,
    });
    if (deletion.of in forgotten) forgotten[deletion.of as keyof Forgotten] += deleted;
  }
  await store.maintenance.eraseDeleted();
  return forgotten;
}

/** For processes whose writes wait in a journal. */
function erasuresOf(what: Forgettable, at: number): Erasure[] {
  if ('claimants' in what) return what.claimants.map((name) => ({ kind: 'claimant', name, at }));
  if ('hash' in what) return [{ kind: 'hash', name: what.hash, at }];
  return [{ kind: 'before', name: String(what.before), at }];
}

/** Kinds of rows about a photo. */
const dependants = ['claims', 'feedback', 'fingerprints'] as const;

/** Results come last: with them the store deletes their dependent rows, which would not be counted. */
function deletionsFor(what: Forgettable): Deletion[] {
  const of = (kinds: readonly Deletion['of'][], by: Omit<Deletion, 'of'>): Deletion[] =>
    kinds.map((kind) => ({ of: kind, ...by }));
  const records = ['photos', 'requests', 'days'] as const;
  const userReports: Deletion = { of: 'reports', namesUsers: true };
  if ('claimants' in what) {
    return [...of([...dependants, ...records], what), userReports];
  }
  if ('before' in what) return [...of(['claims', 'feedback', ...records, 'results'], what), userReports];
  return [
    ...of(dependants, { content: what.hash }),
    ...of(['claims', 'feedback', 'photos', 'refusals', 'results'], what),
  ];
}
