import type { Store } from '../store/store.ts';

/** Claimants with corrections. They are few, and only for them the store is read before memory answers. */
export interface Corrections {
  /** Also true as long as they are unknown. */
  mayHave(claimant: string): boolean;
  /** At once in this process; others learn of it when they refresh. */
  add(claimant: string): void;
  /** Never rejects: what was known before stays known. */
  refresh(): Promise<void>;
}

/** With more of them, every claimant may have corrections: the list would no longer be small. */
const most = 100_000;

export function openCorrections(store: Pick<Store, 'correctors'>): Corrections {
  let known: Set<string> | undefined;
  const added = new Set<string>();
  return {
    mayHave: (claimant) => known === undefined || known.has(claimant) || added.has(claimant),
    add: (claimant) => void added.add(claimant),
    async refresh() {
      const all = await store.correctors(most + 1).catch(() => undefined);
      if (all === undefined) return;
      known = all.length > most ? undefined : new Set(all);
    },
  };
}
