import { type Classifier, fresh } from '../classify/classifier.ts';
import type { VisionPrompt } from './prompt.ts';
import { type VisionCallOptions, visionCall } from './vision-call.ts';

export interface VisionClassifierOptions extends VisionCallOptions {
  readonly prompt: VisionPrompt;
  /** Upper bound of a reply, in tokens. */
  readonly maxTokens: number;
}

/**
 * Asks a vision LLM, once. What `photo.analyse` throws passes through as it is: no model is to blame for it, and
 * none can help. The model's own failures are VisionErrors.
 */
export function visionClassifier(options: VisionClassifierOptions): Classifier {
  const { model, prompt, maxTokens, taxonomy } = options;
  const categories = taxonomy.categories.map(({ key }) => key);
  return {
    async classify(photo, context) {
      const { rendition: jpeg } = await photo.analyse(context);
      const question = { jpeg, prompt: prompt.text, form: prompt.form, maxTokens, categories };
      const reading = await visionCall(options, question, context);
      return fresh({ ...reading, method: 'llm', model: model.name });
    },
  };
}
