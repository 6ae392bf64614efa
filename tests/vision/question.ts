import { readFileSync } from 'node:fs';
import type { VisionQuestion } from '../../src/vision/wire/vision-model.ts';
import { prompt, taxonomy } from '../support/vision.ts';

/** A cat, and what a vision model is asked about it. */
export const question: VisionQuestion = {
  jpeg: readFileSync('docs/samples/cat.jpg'),
  prompt: prompt.text,
  form: prompt.form,
  tags: 0,
  maxTokens: 200,
  categories: taxonomy.categories.map(({ key }) => key),
};
