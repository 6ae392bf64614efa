import type { Answer, Classifier } from '../classify/classifier.ts';
import type { Remembered, ResultCache } from './result-cache.ts';

export interface WithCacheOptions {
  /** The store could not be read: the photo is classified as if it were new. */
  readonly onReadFailure: (error: unknown) => void;
}

/** Answers from memory or the store, under the verified hash only; asks `inner` on a miss. */
export function withCache(inner: Classifier, cache: ResultCache, options: WithCacheOptions): Classifier {
  async function find(sha256: string): Promise<Remembered | undefined> {
    try {
      return await cache.find(sha256);
    } catch (error) {
      options.onReadFailure(error);
      return undefined;
    }
  }

  return {
    async classify(photo, context) {
      if (context.isRecheck) return inner.classify(photo, context);
      // Memory again after the wait: a call that was in flight may have ended meanwhile, and must not be made twice.
      const remembered = (await find(photo.sha256)) ?? cache.inMemory(photo.sha256);
      if (!remembered) return inner.classify(photo, context);
      cache.countHit(remembered);
      return answerFrom(remembered);
    },
  };
}

const nothing = Promise.resolve();

export function answerFrom({ result, from, isProvisional }: Remembered): Answer {
  return { classification: result, from, degraded: isProvisional, written: nothing };
}

/** Remembers what `inner` answers, once. Inside a single flight, so that one call is written once. */
export function withRemembering(inner: Classifier, cache: ResultCache): Classifier {
  return {
    async classify(photo, context) {
      const answer = await inner.classify(photo, context);
      if (answer.isRemembered) return answer;
      const written = cache.remember(photo.sha256, answer.classification);
      return { ...answer, written, isRemembered: true };
    },
  };
}
