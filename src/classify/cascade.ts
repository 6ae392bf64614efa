import { failsForAll } from '../errors.ts';
import type { Answer, Classification, Classifier } from './classifier.ts';

/**
 * Asks `local` first and `preferred` only where the local answer is not sure, or there is none. What would fail
 * for both fails with its own error.
 */
export function withSureFirst(
  local: Classifier,
  preferred: Classifier,
  isSure: (classification: Classification) => boolean,
): Classifier {
  return {
    async classify(photo, context) {
      let answer: Answer | undefined;
      try {
        answer = await local.classify(photo, context);
      } catch (error) {
        if (failsForAll(error) || context.signal.aborted) throw error;
      }
      return answer && isSure(answer.classification) ? answer : preferred.classify(photo, context);
    },
  };
}
