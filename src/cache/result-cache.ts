import { LRUCache } from 'lru-cache';
import type { AnswerSource, Classification } from '../classify/classifier.ts';
import type { Fingerprint } from '../image/photo.ts';
import type { Claim, Found, Hit, StoredResult } from '../store/entities.ts';
import type { Store } from '../store/store.ts';
import { isNearDuplicate } from './near-duplicate.ts';

export interface Remembered {
  readonly result: StoredResult;
  readonly from: Extract<AnswerSource, 'memory' | 'store' | 'claim'>;
  /** A weaker answer that stands in for a short time. */
  readonly isProvisional: boolean;
}

export type CacheWrite = 'result' | 'fingerprint' | 'claim';

export interface ResultCacheOptions {
  readonly results: Pick<Store, 'findResults' | 'saveResults' | 'saveClaims' | 'saveFingerprints'> & {
    countHit(hit: Omit<Hit, 'count'>): void;
  };
  /** Where photos that look the same are looked up. */
  readonly pictures?: Pick<Store, 'findNearDuplicates'>;
  /** Taxonomy version, prompt version and cache epoch: results of another version don't exist. */
  readonly version: string;
  /** How long a provisional result may be served, in milliseconds. */
  readonly provisionalMs: number;
  /** Which classifications only stand in for a better one, under today's strategy. */
  readonly isProvisional: (classification: Classification) => boolean;
  /** Which classifications count no more, such as those of a local model that was replaced. Default: none. */
  readonly isOutdated?: (classification: Classification) => boolean;
  /** How long a result may be served at all, in milliseconds; 0 for ever. */
  readonly resultsMs?: number;
  /** Whether a category, said by a user, is one of today's. Default: all are. */
  readonly isCategory?: (category: string) => boolean;
  /** Whose corrections there may be: they are looked for in the store whatever memory says. Default: nobody's. */
  readonly mayHaveCorrected?: (claimant: string) => boolean;
  readonly memoryEntries: number;
  /** Bounds how long another process's newer result may be missed. */
  readonly memoryMs: number;
  /** A write that failed is the operator's to know, not the caller's. */
  readonly onWriteFailure: (operation: CacheWrite, error: unknown) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** The memory tier in front of the result store, and the rule for what may be served from either. */
export type ResultCache = ReturnType<typeof openResultCache>;

/** Who made an answer that is a user's own word, where a model's name is expected. */
export const correctedModel = 'user';

/** The claimant's own word instead of a model's: nothing of what the model said about the photo holds. */
function correctedBy(category: string, found: StoredResult): Remembered {
  const { description: _, scores: __, ...kept } = found;
  const result = { ...kept, category, confidence: 1, model: correctedModel };
  return { result, from: 'claim', isProvisional: false };
}

export function openResultCache(options: ResultCacheOptions) {
  const {
    results,
    version,
    now = Date.now,
    isOutdated = () => false,
    isCategory = () => true,
    mayHaveCorrected = () => false,
  } = options;
  const memory = new LRUCache<string, StoredResult>({ max: options.memoryEntries, ttl: options.memoryMs });

  function servable(result: StoredResult, from: Remembered['from']): Remembered | undefined {
    if (isOutdated(result)) return undefined;
    const isProvisional = options.isProvisional(result);
    const ageMs = now() - result.createdAt;
    if (isProvisional && ageMs >= options.provisionalMs) return undefined;
    if (options.resultsMs && ageMs >= options.resultsMs) return undefined;
    return { result, from, isProvisional };
  }

  function admit(found: Found | undefined): Remembered | undefined {
    if (!found) return undefined;
    const { via, corrected, ...result } = found;
    if (corrected !== undefined && isCategory(corrected)) return correctedBy(corrected, result);
    // Memory is everybody's and goes by verified hashes: what a claim led to is neither.
    if (via === 'verified') memory.set(result.sha256, result);
    return servable(result, via === 'verified' ? 'store' : 'claim');
  }

  /** Never rejects: what can't be written is reported, and the answer stands. */
  function quietly(operation: CacheWrite, write: Promise<void>): Promise<void> {
    return write.catch((error) => options.onWriteFailure(operation, error));
  }

  function inMemory(sha256: string): Remembered | undefined {
    const result = memory.get(sha256);
    return result && servable(result, 'memory');
  }

  async function stored(hash: string, claimant?: string): Promise<Found | undefined> {
    return (await results.findResults([{ hash, version, ...(claimant && { claimant }) }]))[0];
  }

  /** What memory may answer this claimant with. */
  function known(hash: string, claimant: string | undefined): Remembered | undefined {
    return claimant && mayHaveCorrected(claimant) ? undefined : inMemory(hash);
  }

  return {
    /** The result of bytes with this hash, from memory alone; synchronous. */
    inMemory,

    /** @throws UnavailableError the store can't be read */
    async find(hash: string, claimant?: string): Promise<Remembered | undefined> {
      return known(hash, claimant) ?? admit(await stored(hash, claimant));
    },

    /**
     * As `find`, past memory: what another process wrote a moment ago. Nothing of the caller's own claims.
     * @throws UnavailableError the store can't be read
     */
    async findStored(hash: string): Promise<Remembered | undefined> {
      return admit(await stored(hash));
    },

    /**
     * One store query for all that are not in memory.
     * @throws UnavailableError the store can't be read
     */
    async findAll(hashes: readonly string[], claimant?: string): Promise<(Remembered | undefined)[]> {
      const answers = hashes.map((hash) => known(hash, claimant));
      const missing = [...new Set(hashes.filter((_, index) => !answers[index]))];
      if (missing.length === 0) return answers;
      const found = await results.findResults(
        missing.map((hash) => ({ hash, version, ...(claimant && { claimant }) })),
      );
      const byHash = new Map(missing.map((hash, index) => [hash, admit(found[index])]));
      return answers.map((answer, index) => answer ?? byHash.get(hashes[index] ?? ''));
    },

    /** Remembers at once in memory; the promise is the store's. */
    remember(sha256: string, classification: Classification): Promise<void> {
      const result = { ...classification, sha256, version, createdAt: now() };
      const isWeaker = classification.method === 'local' && memory.get(sha256)?.method === 'llm';
      if (!isWeaker) memory.set(sha256, result);
      return quietly('result', results.saveResults([result]));
    },

    /** Stores the colour of a result that had none. */
    addColour(result: StoredResult, colour: string): Promise<void> {
      const coloured = { ...result, colour };
      if (memory.get(result.sha256)?.createdAt === result.createdAt)
        memory.set(result.sha256, coloured, { noUpdateTTL: true });
      return quietly('result', results.saveResults([coloured]));
    },

    /**
     * What an LLM said for good of another encoding of the picture that the same claimant sent.
     * @throws UnavailableError the store can't be read
     */
    async findNearDuplicate(
      claimant: string,
      sha256: string,
      fingerprint: Fingerprint,
    ): Promise<Remembered | undefined> {
      const candidates = await options.pictures?.findNearDuplicates(claimant, fingerprint.nearBits, version);
      return candidates
        ?.filter(({ result, picture }) => result.sha256 !== sha256 && isNearDuplicate(fingerprint, picture))
        .map(({ result }) => servable(result, 'store'))
        .find((found) => found?.result.method === 'llm' && !found.isProvisional);
    },

    saveFingerprint(claimant: string, content: string, fingerprint: Fingerprint): Promise<void> {
      return quietly('fingerprint', results.saveFingerprints([{ claimant, content, fingerprint }]));
    },

    /** What the claimant itself said is right for these bytes. Never rejects: without the store nobody knows. */
    async correction(sha256: string, claimant: string): Promise<Remembered | undefined> {
      if (!mayHaveCorrected(claimant)) return undefined;
      const found = await stored(sha256, claimant).catch(() => undefined);
      return found?.corrected === undefined ? undefined : admit(found);
    },

    /** What others have deleted from the store is gone from memory too. */
    forgetMemory(): void {
      memory.clear();
    },

    countHit({ result }: Remembered): void {
      results.countHit({ sha256: result.sha256, version, at: now() });
    },

    /** After what the claim is about was written. */
    claim(claim: Omit<Claim, 'at'>): Promise<void> {
      return quietly('claim', results.saveClaims([{ ...claim, at: now() }]));
    },
  };
}
