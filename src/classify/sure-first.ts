import type { Classification, Classifier } from './classifier.ts';

/** Asks `local` first and `preferred` only where the local answer is not sure. */
export function withSureFirst(
  local: Classifier,
  preferred: Classifier,
  isSure: (classification: Classification) => boolean,
): Classifier {
  return {
    async classify(photo, context) {
      const answer = await local.classify(photo, context);
      return isSure(answer.classification) ? answer : preferred.classify(photo, context);
    },
  };
}
