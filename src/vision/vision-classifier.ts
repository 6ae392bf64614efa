import { type Classifier, fresh } from '../classify/classifier.ts';
import { VisionError } from '../errors.ts';
import { type AskOptions, ask } from './calls/ask.ts';
import { type FailurePolicy, policyOf } from './calls/failure-policy.ts';
import type { RefusalMemory } from './calls/refusals.ts';
import type { VisionPrompt } from './prompt.ts';

export interface VisionClassifierOptions extends AskOptions {
  readonly prompt: VisionPrompt;
  /** Upper bound of a reply, in tokens. */
  readonly maxTokens: number;
  readonly refusals: RefusalMemory;
}

/** Where no model is configured. */
export const unconfigured: Classifier = {
  async classify() {
    throw new VisionError('not_configured');
  },
};

/**
 * Asks vision LLMs. Errors of `photo.analyse` pass through unchanged: they concern no model, and no model can help.
 * The models' own failures are VisionErrors.
 */
export function visionClassifier(options: VisionClassifierOptions): Classifier {
  const { prompt, maxTokens, taxonomy, refusals } = options;
  const categories = taxonomy.categories.map(({ key }) => key);
  return {
    async classify(photo, context) {
      const { rendition: jpeg, colour } = await photo.analyse(context);
      if (await refusals.has(photo.sha256)) throw new VisionError('refused_before');
      const { trace } = context;
      const question = { jpeg, maxTokens, categories, ...(trace && { trace }) };
      const questions = {
        full: { ...question, prompt: prompt.text, form: prompt.form, tags: prompt.tags },
        plain: { ...question, prompt: prompt.plain, form: 'code' as const, tags: 0 },
      };
      try {
        const { costMicro, ...reading } = await ask(questions, options, context);
        return {
          ...fresh({ ...reading, ...(colour !== undefined && { colour }), method: 'llm' }),
          ...(costMicro !== undefined && { costMicro }),
        };
      } catch (error) {
        const policy: FailurePolicy | undefined =
          error instanceof VisionError ? policyOf(error.reason) : undefined;
        if (policy?.remember) await refusals.add(photo.sha256);
        throw error;
      }
    },
  };
}
