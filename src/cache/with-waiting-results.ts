import type { Found, Lookup } from '../store/entities.ts';
import type { Store } from '../store/store.ts';

export interface WaitingResultOptions {
  readonly results: Pick<Store, 'findResults'>;
  /** Finds results and claims that wait to be written to the store. */
  readonly journal?: {
    find(lookup: Lookup): Found | undefined;
    contentOf(lookup: Lookup): string | undefined;
  };
  readonly mayHaveCorrected?: (claimant: string) => boolean;
  /** Whether a result still counts. Default: all do. */
  readonly isServable?: (found: Found) => boolean;
}

/** Look-ups that also find what waits to be written. While the store is down, they fail where that is not all of it. */
export function withWaitingResults(options: WaitingResultOptions): Pick<Store, 'findResults'> {
  const { results, journal, mayHaveCorrected = () => false, isServable = () => true } = options;
  if (!journal) return results;

  /** The result of a claim that waits, where only the result is in the store. */
  function behindClaim(lookup: Lookup): Lookup[] {
    const content = journal?.contentOf(lookup);
    return content === undefined ? [] : [{ hash: content, version: lookup.version }];
  }

  /** Only the store knows corrections. */
  const mayBeCorrected = ({ claimant }: Lookup) => claimant !== undefined && mayHaveCorrected(claimant);

  return {
    async findResults(lookups) {
      // Before the store is read: what waits moves into the store, never back.
      const waiting = lookups.map((lookup) => journal.find(lookup));
      const behind = lookups.map((lookup, index) => (waiting[index] ? [] : behindClaim(lookup)));
      try {
        const found = await results.findResults([...lookups, ...behind.flat()]);
        let next = lookups.length;
        return lookups.map((_, index) => {
          const content = behind[index]?.length ? found[next++] : undefined;
          return found[index] ?? waiting[index] ?? (content && { ...content, via: 'claim' as const });
        });
      } catch (error) {
        const known = waiting.filter(
          (one, index) => one && isServable(one) && !mayBeCorrected(lookups[index] as Lookup),
        );
        // What no longer counts is no answer, since the store may have a better one.
        if (known.length < lookups.length) throw error;
        return known;
      }
    },
  };
}
