import type { Say } from '../messages/text.ts';
import type { Evaluation } from './evaluation.ts';
import { costText, intervalText, missingText, percentText, timeText } from './words.ts';

/** The main figures of all models, as every report shows them: the first cell of a row names the model. */
export function modelTable({ models, currency }: Evaluation, say: Say) {
  const titles = [
    ...[say('Model'), say('Answers'), say('Accuracy'), say('Macro recall'), say('Calibration error')],
    ...[say('Cost of 1,000'), 'p50', 'p95', say('Without answer')],
  ];
  const rows = models.map((model) => [
    model.name,
    String(model.answered),
    intervalText(model.accuracy),
    intervalText(model.macroRecall),
    percentText(model.calibration.expectedError),
    costText(model.costOf1000, currency),
    timeText(model.durationMs.p50),
    timeText(model.durationMs.p95),
    missingText(model, say),
  ]);
  return { titles, rows };
}
