import type { Classification, Classifier } from '../classify/classifier.ts';

export interface ShadowOptions {
  /** Percentage of answered photos that the other model classifies as well. */
  readonly percent: number;
  /** Whether an answer of the other model would need no second opinion. */
  readonly isSure: (classification: Classification) => boolean;
  /** Whether the other model is free. It compares nothing while photos wait for it. Default: always. */
  readonly isFree?: (() => boolean) | undefined;
  readonly onCompared: (category: string, doAgree: boolean, isSure: boolean) => void;
  readonly random?: () => number;
}

/**
 * The same classifier. `other` classifies a sample of its photos as well, and both answers are compared. No caller
 * waits for that, or fails with it.
 */
export function withShadow(inner: Classifier, other: Classifier, options: ShadowOptions): Classifier {
  const { percent, isSure, isFree = () => true, onCompared, random = Math.random } = options;
  if (percent === 0) return inner;
  return {
    async classify(photo, context) {
      const answer = await inner.classify(photo, context);
      if (random() * 100 < percent && isFree()) {
        const { category } = answer.classification;
        other.classify(photo, context).then(
          ({ classification }) =>
            onCompared(category, classification.category === category, isSure(classification)),
          () => {},
        );
      }
      return answer;
    },
  };
}
