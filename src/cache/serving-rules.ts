import type { AnswerSource, Classification } from '../classify/classifier.ts';
import { isRecent } from '../resilience/recent.ts';
import type { StoredResult } from '../store/entities.ts';

export interface Remembered {
  readonly result: StoredResult;
  readonly from: Extract<AnswerSource, 'memory' | 'store' | 'claim'>;
  /** A weaker answer that stands in for a short time. */
  readonly isProvisional: boolean;
}

export interface ServingRuleOptions {
  /** How long a provisional result may be served, in milliseconds. */
  readonly provisionalMs: number;
  /** Which classifications only stand in for a better one, under today's strategy. */
  readonly isProvisional: (classification: Classification) => boolean;
  /** Which classifications count no more, such as those of a local model that was replaced. Default: none. */
  readonly isOutdated?: (classification: Classification) => boolean;
  /** How long a result may be served at all, in milliseconds; 0 for ever. */
  readonly resultsMs?: number;
  /** Whether the taxonomy has the category of a correction. Default: it has all. */
  readonly isCategory?: (category: string) => boolean;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** The model's name in an answer that is a user's correction. */
export const correctedModel = 'user';

/** Decides whether a stored answer still counts, and as what. */
export function openServingRules(options: ServingRuleOptions) {
  const { now = Date.now, isOutdated = () => false, isCategory = () => true } = options;
  return {
    servable(result: StoredResult, from: Remembered['from']): Remembered | undefined {
      if (isOutdated(result)) return undefined;
      const isProvisional = options.isProvisional(result);
      const isYoung = (lifetimeMs: number) => isRecent(result.createdAt, lifetimeMs, now());
      if (isProvisional && !isYoung(options.provisionalMs)) return undefined;
      if (options.resultsMs && !isYoung(options.resultsMs)) return undefined;
      return { result, from, isProvisional };
    },

    /** With nothing of the model's answer but the colour of the photo. */
    corrected(found: StoredResult, category: string): Remembered | undefined {
      if (!isCategory(category)) return undefined;
      const { description: _, scores: __, tags: ___, ...kept } = found;
      const result = { ...kept, category, confidence: 1, model: correctedModel };
      return { result, from: 'claim', isProvisional: false };
    },
  };
}
