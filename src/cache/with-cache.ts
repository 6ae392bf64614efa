import { ForgottenError } from '../classify/album-queue.ts';
import type { Answer, Classification, Classifier, ClassifyContext } from '../classify/classifier.ts';
import type { Photo } from '../image/photo.ts';
import { earlier } from '../resilience/deadline.ts';
import type { Remembered, ResultCache } from './result-cache.ts';

export interface WithCacheOptions {
  /** The store could not be read: the photo is classified as if it were new. */
  readonly onReadFailure?: ((error: unknown) => void) | undefined;
}

/** Answers from memory or the store, under the verified hash only; asks `inner` on a miss. */
export function withCache(inner: Classifier, cache: ResultCache, options: WithCacheOptions): Classifier {
  async function find(sha256: string): Promise<Remembered | undefined> {
    try {
      return await cache.find(sha256);
    } catch (error) {
      options.onReadFailure?.(error);
      return undefined;
    }
  }

  return {
    async classify(photo, context) {
      if (context.isRecheck) return inner.classify(photo, context);
      // Memory again after the wait: a call that was in flight may have ended meanwhile, and must not be made twice.
      const remembered = (await find(photo.sha256)) ?? cache.inMemory(photo.sha256);
      if (!remembered) return inner.classify(photo, context);
      return answerFrom(remembered, { photo, context, cache });
    },
  };
}

const nothing = Promise.resolve();

/** Before the deadline, so that an answer without its colour still comes in time. */
const colourMarginMs = 250;

export interface AnswerFromOptions {
  /** The photo in hand, or a copy of it. */
  readonly photo: Photo;
  readonly context: ClassifyContext;
  readonly cache: Pick<ResultCache, 'countHit' | 'addColour'>;
}

/** Counts the hit and answers with it. Where no colour was stored, the photo in hand is decoded for it, and it is. */
export async function answerFrom(
  remembered: Remembered,
  { photo, context, cache }: AnswerFromOptions,
): Promise<Answer> {
  const { result, from, isProvisional } = remembered;
  cache.countHit(remembered);
  const answer = { classification: result, from, degraded: isProvisional, written: nothing };
  if (result.colour !== undefined) return answer;
  const deadline = earlier(context.deadline, colourMarginMs);
  // An answer does not depend on the decode, which may fail under load.
  const analysed = await photo.analyse({ ...context, deadline }).catch(() => undefined);
  if (analysed?.colour === undefined) return answer;
  const classification = { ...result, colour: analysed.colour };
  return { ...answer, classification, written: cache.addColour(result, analysed.colour) };
}

export interface RememberingOptions {
  /** Whether to store the answer. Default: all are stored. */
  readonly isWorth?: (classification: Classification) => boolean;
  /** Whether the photo was to be forgotten since it arrived. */
  readonly isForgotten?: ((sha256: string) => Promise<boolean>) | undefined;
}

/** Stores what `inner` answers, or those of its answers that are worth it. Inside a single flight: one call, one write. */
export function withRemembering(
  inner: Classifier,
  cache: Pick<ResultCache, 'remember'>,
  { isWorth = () => true, isForgotten }: RememberingOptions = {},
): Classifier {
  return {
    async classify(photo, context) {
      const answer = await inner.classify(photo, context);
      if (!isWorth(answer.classification)) return answer;
      // All who waited have left.
      if (context.signal.reason instanceof ForgottenError) return answer;
      if (isForgotten && (await isForgotten(photo.sha256))) return answer;
      return { ...answer, written: cache.remember(photo.sha256, answer.classification) };
    },
  };
}
