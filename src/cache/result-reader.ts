import type { LRUCache } from 'lru-cache';
import type { Fingerprint } from '../image/photo.ts';
import type { Found, StoredResult } from '../store/entities.ts';
import type { Store } from '../store/store.ts';
import { isNearDuplicate } from './near-duplicate.ts';
import { openServingRules, type Remembered, type ServingRuleOptions } from './serving-rules.ts';
import { type WaitingResultOptions, withWaitingResults } from './with-waiting-results.ts';

export interface ResultReaderOptions extends ServingRuleOptions, WaitingResultOptions {
  /** Answers look-ups of whole lists, and may lag behind `results`, as a read replica does. Default: `results`. */
  readonly lookups?: Pick<Store, 'findResults'>;
  /** Looks near duplicates up. */
  readonly pictures?: Pick<Store, 'findNearDuplicates'>;
  /** Taxonomy version, prompt version and cache epoch: results of another version don't exist. */
  readonly version: string;
  /** Claimants who may have corrections: the store is read for them even on a hit in memory. Default: none. */
  readonly mayHaveCorrected?: (claimant: string) => boolean;
}

/** Reads results from memory first, then from the store, and keeps to the serving rules. */
export function openResultReader(options: ResultReaderOptions, memory: LRUCache<string, StoredResult>) {
  const { version, mayHaveCorrected = () => false } = options;
  const rules = openServingRules(options);
  const isServable = (found: Found) => rules.servable(found, 'store') !== undefined;
  const waiting = { ...options, isServable };
  const results = withWaitingResults(waiting);
  const lookups = options.lookups ? withWaitingResults({ ...waiting, results: options.lookups }) : results;

  function served(found: Found | undefined): Remembered | undefined {
    if (!found) return undefined;
    const { via, corrected, ...result } = found;
    const correction = corrected && rules.corrected(result, corrected);
    if (correction) return correction;
    // Memory is shared by all callers: only verified results enter it.
    if (via === 'verified') memory.set(result.sha256, result);
    return rules.servable(result, via === 'verified' ? 'store' : 'claim');
  }

  /** The result of bytes with this hash, from memory alone. */
  function inMemory(sha256: string): Remembered | undefined {
    const result = memory.get(sha256);
    return result && rules.servable(result, 'memory');
  }

  /** What memory may answer this claimant with. */
  function inMemoryFor(claimant: string | undefined, hash: string): Remembered | undefined {
    return claimant && mayHaveCorrected(claimant) ? undefined : inMemory(hash);
  }

  const lookupOf = (hash: string, claimant?: string) => ({ hash, version, ...(claimant && { claimant }) });
  async function stored(hash: string, claimant?: string): Promise<Found | undefined> {
    return (await results.findResults([lookupOf(hash, claimant)]))[0];
  }

  return {
    inMemory,

    /** @throws UnavailableError the store can't be read */
    async find(hash: string, claimant?: string): Promise<Remembered | undefined> {
      return inMemoryFor(claimant, hash) ?? served(await stored(hash, claimant));
    },

    /**
     * Reads the store even on a hit in memory, for what another process has just written. Ignores claims.
     * @throws UnavailableError the store can't be read
     */
    async findStored(hash: string): Promise<Remembered | undefined> {
      return served(await stored(hash));
    },

    /**
     * One store query for all that are not in memory. It may miss what was written a moment ago, but no correction.
     * @throws UnavailableError the store can't be read
     */
    async findAll(hashes: readonly string[], claimant?: string): Promise<(Remembered | undefined)[]> {
      const answers = hashes.map((hash) => inMemoryFor(claimant, hash));
      const missing = [...new Set(hashes.filter((_, index) => !answers[index]))];
      if (missing.length === 0) return answers;
      const reader = claimant && mayHaveCorrected(claimant) ? results : lookups;
      const found = await reader.findResults(missing.map((hash) => lookupOf(hash, claimant)));
      const byHash = new Map(missing.map((hash, index) => [hash, served(found[index])]));
      return answers.map((answer, index) => answer ?? byHash.get(hashes[index] ?? ''));
    },

    /**
     * An LLM's lasting answer to a near duplicate that the same claimant sent.
     * @throws UnavailableError the store can't be read
     */
    async findNearDuplicate(claimant: string, sha256: string, fingerprint: Fingerprint) {
      const candidates = await options.pictures?.findNearDuplicates(claimant, fingerprint.nearBits, version);
      return candidates
        ?.filter(({ result, picture }) => result.sha256 !== sha256 && isNearDuplicate(fingerprint, picture))
        .map(({ result }) => rules.servable(result, 'store'))
        .find((found) => found?.result.method === 'llm' && !found.isProvisional);
    },

    /** The claimant's correction of these bytes. Never rejects: without the store there is none. */
    async correction(sha256: string, claimant: string): Promise<Remembered | undefined> {
      if (!mayHaveCorrected(claimant)) return undefined;
      const found = await stored(sha256, claimant).catch(() => undefined);
      return found?.corrected === undefined ? undefined : served(found);
    },
  };
}
