import { type Classification, type Classifier, fresh } from '../classify/classifier.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { UnavailableError } from '../errors.ts';
import type { Manifest } from './manifest.ts';

export interface LocalClassifierOptions {
  readonly manifest: Pick<Manifest, 'model' | 'labels'>;
  readonly taxonomy: Pick<Taxonomy, 'categoryOfLabel'>;
}

/**
 * Answers with a photo's probabilities: those of all labels of a category added
 * up, the largest wins, the first of equals.
 */
export function localClassifier({ manifest, taxonomy }: LocalClassifierOptions): Classifier {
  return {
    async classify(photo, context) {
      const probabilities = await photo.probabilities(context);
      if (!probabilities)
        throw new UnavailableError('no_classifier', 'The local model is not available; try again later.', 30);
      const { colour } = await photo.analyse(context);
      return fresh({
        ...classificationOf(probabilities, { manifest, taxonomy }),
        ...(colour !== undefined && { colour }),
      });
    },
  };
}

function classificationOf(
  probabilities: readonly number[],
  { manifest, taxonomy }: LocalClassifierOptions,
): Classification {
  const scores = Object.fromEntries(
    manifest.labels.map((label, index) => [label, probabilities[index] ?? 0]),
  );
  const sums = new Map<string, number>();
  for (const [label, score] of Object.entries(scores)) {
    const category = taxonomy.categoryOfLabel(label);
    sums.set(category, (sums.get(category) ?? 0) + score);
  }
  const [category, sum] = [...sums].reduce((best, next) => (next[1] > best[1] ? next : best));
  return { category, confidence: Math.min(1, sum), method: 'local', model: manifest.model, scores };
}
