import { type Say, type Text, text, textOf, wordOf } from '../messages/text.ts';
import type { Proportion } from '../proportion.ts';
import type { Caution, Evaluation } from './evaluation.ts';
import type { Mean } from './intervals.ts';
import type { CurvePoint, LocalFirst } from './local-first.ts';
import type { Measurement } from './measure.ts';

/** `97.5 %`; a dash where there is no value. */
export function percentText(share: number | undefined): string {
  return share === undefined ? '–' : `${(share * 100).toFixed(1)} %`;
}

/** `97.5 % (95.1–98.8)` */
export function intervalText({ value, low, high }: Proportion | Mean): string {
  return value === undefined
    ? '–'
    : `${percentText(value)} (${(low * 100).toFixed(1)}–${(high * 100).toFixed(1)})`;
}

/** `USD 1.2000`; a dash where no price is known. */
export function costText(amount: number | undefined, currency: string): string {
  return amount === undefined ? '–' : `${currency} ${amount.toFixed(4)}`;
}

/** `84 ms`, `1.2 s` */
export function timeText(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '–';
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** `3 refused, 1 network, 2 not asked`; empty where all are answered. */
export function missingText({ failures, notAsked }: Measurement, say: Say): string {
  return [
    ...Object.entries(failures).map(([failure, count]) => ({ count, what: failure.replaceAll('_', ' ') })),
    ...(notAsked > 0 ? [{ count: notAsked, what: 'not asked' }] : []),
  ]
    .map(({ count, what }) => say('{count} {what}', { count, what: wordOf(what) }))
    .join(', ');
}

/** `1 photo`, `2 photos` */
export const photosText = (count: number): Text => text('{count} {count|photo|photos}', { count });

export function cautionText({ kind, categories, photos }: Caution): Text {
  if (kind === 'few')
    return text('Fewer than {photos} photos: {categories}. Recalls of these categories are rough.', {
      ...{ photos, categories },
    });
  if (kind === 'none')
    return text('No photo: {categories}. Macro recall leaves these categories out.', { categories });
  return text('{photos} are too few to tell models apart that are a few points apart.', {
    photos: photosText(photos),
  });
}

export function comparisonText(comparison: Evaluation['comparisons'][number]): Text {
  const { one, other, photos, onlyOneRight, onlyOtherRight, chance } = comparison;
  const counts = text(
    '{one} alone is right on {onlyOneRight}, {other} alone on {onlyOtherRight} of {photos}',
    { ...{ one, other, onlyOneRight, onlyOtherRight }, photos: photosText(photos) },
  );
  if (onlyOneRight === onlyOtherRight) return text('{counts}: no difference.', { counts });
  const share: Text | string = chance < 0.001 ? textOf('less than 0.1 %') : percentText(chance);
  return chance < 0.05
    ? text('{counts}. More than chance (equally good models differ as much in {share} of samples).', {
        ...{ counts, share },
      })
    : text(
        '{counts}. This may be chance: the sample is too small to say which one is better (equally good models differ as much in {share} of samples).',
        { counts, share },
      );
}

/** What a point of the curve costs and gives. */
export function pointText(point: Omit<CurvePoint, 'threshold'>, currency: string): Text {
  const { sentShare, costOf1000 } = point;
  const common = { accuracy: intervalText(point.accuracy), share: percentText(sentShare) };
  return costOf1000 === undefined
    ? text('accuracy {accuracy}, {share} of photos to the LLM', common)
    : text('accuracy {accuracy}, {share} of photos to the LLM, {cost} for 1,000 photos', {
        ...common,
        cost: costText(costOf1000, currency),
      });
}

export function proposalText({ proposal, photos }: LocalFirst, currency: string): Text | undefined {
  if (proposal === undefined) return undefined;
  const { verdict, point, photosNeeded } = proposal;
  const target = percentText(proposal.target);
  const reached = pointText(point, currency);
  if (verdict === 'supported')
    return text('The cheapest setting whose whole interval lies above {target}: {reached}.', {
      ...{ target, reached },
    });
  if (verdict === 'unreached')
    return text('No setting reaches {target}. The most accurate one: {reached}.', { target, reached });
  const few = text(
    '{photos} are too few to claim {target}. The best estimate of this setting reaches it: {reached}.',
    { photos: photosText(photos), target, reached },
  );
  if (photosNeeded === undefined) return few;
  return text('{few} About {count} photos would support it, if the best accuracy seen is the true one.', {
    few,
    count: photosNeeded,
  });
}
