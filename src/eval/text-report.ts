import { columnsOf, padded } from '../messages/columns.ts';
import type { Say } from '../messages/text.ts';
import type { Evaluation } from './evaluation.ts';
import { settingsFor } from './local-first.ts';
import { modelTable } from './model-table.ts';
import { cautionText, comparisonText, photosText, pointText, proposalText } from './words.ts';

/** The figures that matter most, for a terminal. Intervals are of 95 %. */
export function textReport(evaluation: Evaluation, say: Say): string {
  const { photos, cautions, comparisons } = evaluation;
  const sections = [
    `${say('{photos}. Intervals are of 95 %.', { photos: photosText(photos) })}\n\n${modelText(evaluation, say)}`,
    weakest(evaluation, say),
    comparisons.map((one) => say(comparisonText(one))).join('\n'),
    ...evaluation.localFirst.map((one) => localFirstText(one, evaluation, say)),
    cautions.map((one) => say('Note: {caution}', { caution: cautionText(one) })).join('\n'),
  ];
  return `${sections.filter((one) => one !== '').join('\n\n')}\n`;
}

function modelText(evaluation: Evaluation, say: Say): string {
  const { titles, rows } = modelTable(evaluation, say);
  const table = [titles.map((title) => title.toUpperCase()), ...rows];
  const widths = titles.map((_, column) => Math.max(...table.map((row) => columnsOf(row[column] ?? ''))));
  return table
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const mostPairs = 5;

/** The most frequent mistakes of each model. */
function weakest({ models }: Evaluation, say: Say): string {
  return models
    .map(({ name, confusion }) => {
      const mistakes = confusion
        .filter(({ actual, answered }) => actual !== answered)
        .toSorted((one, other) => other.photos - one.photos)
        .slice(0, mostPairs)
        .map(({ actual, answered, photos: count }) =>
          say('{actual} as {answered} {count}×', { actual, answered, count }),
        );
      return mistakes.length === 0
        ? ''
        : say('{model} takes {mistakes}', { model: name, mistakes: mistakes.join(', ') });
    })
    .filter((one) => one !== '')
    .join('\n');
}

function localFirstText(
  one: Evaluation['localFirst'][number],
  { currency, categories }: Evaluation,
  say: Say,
): string {
  const { local, llm, photos, asConfigured, proposal } = one;
  const lines = [
    say('Local first: {local}, then {llm}, on {photos}', { local, llm, photos: photosText(photos) }),
  ];
  if (asConfigured) lines.push(say('As configured: {point}.', { point: pointText(asConfigured, currency) }));
  const proposed = proposalText(one, currency);
  if (proposal && proposed) {
    lines.push(say(proposed));
    if (proposal.verdict !== 'unreached') lines.push(settingsFor(proposal.point, categories));
  }
  return lines.join('\n');
}
