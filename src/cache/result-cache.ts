import { LRUCache } from 'lru-cache';
import type { Classification } from '../classify/classifier.ts';
import type { Fingerprint } from '../image/photo.ts';
import type { Claim, Hit, StoredResult } from '../store/entities.ts';
import type { Store } from '../store/store.ts';
import { openResultReader, type ResultReaderOptions } from './result-reader.ts';
import type { Remembered } from './serving-rules.ts';

export type { Remembered } from './serving-rules.ts';

export type CacheWrite = 'result' | 'fingerprint' | 'claim';

export interface ResultCacheOptions extends ResultReaderOptions {
  readonly results: Pick<Store, 'findResults' | 'saveResults' | 'saveClaims' | 'saveFingerprints'> & {
    countHit(hit: Omit<Hit, 'count'>): void;
  };
  readonly memoryEntries: number;
  /** Bounds how long another process's newer result may be missed. */
  readonly memoryMs: number;
  /** A failed write concerns the operator, not the caller. */
  readonly onWriteFailure: (operation: CacheWrite, error: unknown) => void;
}

/** Memory in front of the store. Its writes never reject. */
export type ResultCache = ReturnType<typeof openResultCache>;

export function openResultCache(options: ResultCacheOptions) {
  const { results, version, now = Date.now } = options;
  const memory = new LRUCache<string, StoredResult>({ max: options.memoryEntries, ttl: options.memoryMs });

  function reported(operation: CacheWrite, write: Promise<void>): Promise<void> {
    return write.catch((error) => options.onWriteFailure(operation, error));
  }

  return {
    ...openResultReader(options, memory),

    /** Remembers at once in memory; resolves when the store has it. */
    remember(sha256: string, classification: Classification): Promise<void> {
      const result = { ...classification, sha256, version, createdAt: now() };
      const isWeaker = classification.method === 'local' && memory.get(sha256)?.method === 'llm';
      if (!isWeaker) memory.set(sha256, result);
      return reported('result', results.saveResults([result]));
    },

    /** Stores the colour of a result that had none. */
    addColour(result: StoredResult, colour: string): Promise<void> {
      const coloured = { ...result, colour };
      if (memory.get(result.sha256)?.createdAt === result.createdAt)
        memory.set(result.sha256, coloured, { noUpdateTTL: true });
      return reported('result', results.saveResults([coloured]));
    },

    saveFingerprint(claimant: string, content: string, fingerprint: Fingerprint): Promise<void> {
      return reported('fingerprint', results.saveFingerprints([{ claimant, content, fingerprint }]));
    },

    /** Call it after the write of the result that the claim is about. */
    claim(claim: Omit<Claim, 'at'>): Promise<void> {
      return reported('claim', results.saveClaims([{ ...claim, at: now() }]));
    },

    countHit({ result }: Remembered): void {
      results.countHit({ sha256: result.sha256, version, at: now() });
    },

    /** Rows that others have deleted from the store leave memory, too. */
    forgetMemory(): void {
      memory.clear();
    },
  };
}
