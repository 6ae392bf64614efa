import type { Evaluation } from './evaluation.ts';
import { settingsFor } from './local-first.ts';
import {
  comparisonText,
  costText,
  failuresText,
  intervalText,
  percentText,
  pointText,
  proposalText,
  timeText,
} from './words.ts';

/** The figures that matter most, for a terminal. Intervals are of 95 %. */
export function textReport(evaluation: Evaluation): string {
  const { photos, cautions, comparisons } = evaluation;
  const sections = [
    `${photos} photos. Intervals are of 95 %.\n\n${modelTable(evaluation)}`,
    weakest(evaluation),
    comparisons.map(comparisonText).join('\n'),
    ...evaluation.localFirst.map((one) => localFirstText(one, evaluation)),
    cautions.map((one) => `Note: ${one}`).join('\n'),
  ];
  return `${sections.filter((one) => one !== '').join('\n\n')}\n`;
}

function modelTable({ models, currency }: Evaluation): string {
  const rows = models.map((model) => [
    model.name,
    String(model.answered),
    intervalText(model.accuracy),
    intervalText(model.macroRecall),
    percentText(model.calibration.expectedError),
    costText(model.costOf1000, currency),
    timeText(model.durationMs.p50),
    timeText(model.durationMs.p95),
    [failuresText(model), model.notAsked > 0 ? `${model.notAsked} not asked` : '']
      .filter((one) => one !== '')
      .join(', '),
  ]);
  const head = [
    ...['MODEL', 'ANSWERS', 'ACCURACY', 'MACRO RECALL', 'CALIBRATION ERROR'],
    ...['COST OF 1,000', 'P50', 'P95', 'WITHOUT ANSWER'],
  ];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const mostPairs = 5;

/** The most frequent mistakes of each model. */
function weakest({ models }: Evaluation): string {
  return models
    .map(({ name, confusion }) => {
      const mistakes = confusion
        .filter(({ actual, answered }) => actual !== answered)
        .toSorted((one, other) => other.photos - one.photos)
        .slice(0, mostPairs)
        .map(({ actual, answered, photos }) => `${actual} as ${answered} ${photos}×`);
      return mistakes.length === 0 ? '' : `${name} takes ${mistakes.join(', ')}`;
    })
    .filter((one) => one !== '')
    .join('\n');
}

function localFirstText(one: Evaluation['localFirst'][number], { currency, categories }: Evaluation): string {
  const { local, llm, photos, asConfigured, proposal } = one;
  const lines = [`Local first: ${local}, then ${llm}, on ${photos} photos`];
  if (asConfigured) lines.push(`As configured: ${pointText(asConfigured, currency)}.`);
  if (proposal) {
    lines.push(proposalText(one, currency) ?? '');
    if (proposal.verdict !== 'unreached') lines.push(settingsFor(proposal.point, categories));
  }
  return lines.join('\n');
}
