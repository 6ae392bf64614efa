import type { Found, Lookup } from '../store/entities.ts';
import type { Store } from '../store/store.ts';

export interface WaitingResultOptions {
  readonly results: Pick<Store, 'findResults'>;
  /** Finds results and claims that wait to be written to the store. */
  readonly journal?: { find(lookup: Lookup): Found | undefined };
  readonly mayHaveCorrected?: (claimant: string) => boolean;
}

/** Look-ups that also find what waits to be written. While the store is down, they fail where that is not all of it. */
export function withWaitingResults(options: WaitingResultOptions): Pick<Store, 'findResults'> {
  const { results, journal, mayHaveCorrected = () => false } = options;
  if (!journal) return results;

  /** Only the store knows corrections. */
  function waiting(lookup: Lookup): Found | undefined {
    const mayBeCorrected = lookup.claimant !== undefined && mayHaveCorrected(lookup.claimant);
    return mayBeCorrected ? undefined : journal?.find(lookup);
  }

  return {
    async findResults(lookups) {
      try {
        const found = await results.findResults(lookups);
        return found.map((one, index) => one ?? waiting(lookups[index] as Lookup));
      } catch (error) {
        const found = lookups.map(waiting);
        if (found.includes(undefined)) throw error;
        return found;
      }
    },
  };
}
