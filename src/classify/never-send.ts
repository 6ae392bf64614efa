import { SetupError } from '../errors.ts';
import { text } from '../messages/text.ts';
import type { Classification, Classifier } from './classifier.ts';
import type { Taxonomy } from './taxonomy.ts';

/**
 * Asks `local` first, and answers with its result where the photo may be of a category that is never sent to the LLM.
 * `preferred` is asked about no photo that `local` has not looked at: when it can't, neither is.
 */
export function withNeverSend(
  local: Classifier,
  preferred: Classifier,
  isSuspect: (classification: Classification) => boolean,
): Classifier {
  return {
    async classify(photo, context) {
      const answer = await local.classify(photo, context);
      return isSuspect(answer.classification) ? answer : preferred.classify(photo, context);
    },
  };
}

export interface NeverSendOptions {
  /** Category → from which probability one is suspected; the model's own threshold where undefined. */
  readonly neverSend: Readonly<Record<string, number | undefined>>;
  /** The local model's thresholds by label, chosen so that few of that kind are missed. */
  readonly suspect: Readonly<Record<string, number>>;
  readonly taxonomy: Pick<Taxonomy, 'has' | 'categoryOfLabel'>;
}

/**
 * Whether the photo may be of such a category according to a local answer. Undefined where all photos may be sent.
 * @throws SetupError a category that does not exist, or for which there is no threshold
 */
export function suspectedBy(
  options: NeverSendOptions,
): ((classification: Classification) => boolean) | undefined {
  const { neverSend, suspect, taxonomy } = options;
  const thresholds = Object.entries(neverSend).map(([category, own]) => {
    if (!taxonomy.has(category))
      throw new SetupError(
        text('{setting}: there is no category {category}', { setting: 'LLM_NEVER_SEND', category }),
      );
    const labels = Object.keys(suspect).filter((label) => taxonomy.categoryOfLabel(label) === category);
    const threshold = own ?? Math.min(...labels.map((label) => suspect[label] ?? 1));
    if (!Number.isFinite(threshold))
      throw new SetupError(
        text('LLM_NEVER_SEND: the local model has no threshold for {category}; write {category}:0.05', {
          category,
        }),
      );
    return { category, threshold };
  });
  if (thresholds.length === 0) return undefined;
  return ({ method, scores }) => {
    if (method !== 'local') return false;
    // An answer that does not say how likely the others were rules nothing out.
    if (scores === undefined) return true;
    return thresholds.some(({ category, threshold }) => {
      const labels = Object.entries(scores).filter(([label]) => taxonomy.categoryOfLabel(label) === category);
      return labels.reduce((sum, [, score]) => sum + score, 0) >= threshold;
    });
  };
}
