import type { Classifier } from '../classify/classifier.ts';

export interface ShadowOptions {
  /** Of answered photos, in percent: how many the other model is asked for as well. */
  readonly percent: number;
  readonly onCompared: (category: string, doAgree: boolean) => void;
  readonly random?: () => number;
}

/**
 * The same classifier. For a sample of its answers `other` is asked too, and both answers are compared. No caller waits
 * for the comparison or sees it fail.
 */
export function withShadow(inner: Classifier, other: Classifier, options: ShadowOptions): Classifier {
  const { percent, onCompared, random = Math.random } = options;
  if (percent === 0) return inner;
  return {
    async classify(photo, context) {
      const answer = await inner.classify(photo, context);
      if (random() * 100 < percent) {
        const { category } = answer.classification;
        other.classify(photo, context).then(
          ({ classification }) => onCompared(category, classification.category === category),
          () => {},
        );
      }
      return answer;
    },
  };
}
