import type { Evaluation } from './evaluation.ts';
import type { Mean, Proportion } from './intervals.ts';
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

/** `3 refused, 1 network`; empty without failures. */
export function failuresText({ failures }: Measurement): string {
  return Object.entries(failures)
    .map(([failure, count]) => `${count} ${failure.replaceAll('_', ' ')}`)
    .join(', ');
}

export function comparisonText({
  one,
  other,
  photos,
  onlyOneRight,
  onlyOtherRight,
  chance,
}: Evaluation['comparisons'][number]): string {
  const counts = `${one} alone is right on ${onlyOneRight}, ${other} alone on ${onlyOtherRight} of ${photos} photos`;
  if (onlyOneRight === onlyOtherRight) return `${counts}: no difference.`;
  const likely = chance < 0.001 ? 'less than 0.1 %' : percentText(chance);
  const verdict =
    chance < 0.05
      ? 'More than chance'
      : 'This may be chance: the sample is too small to say which one is better';
  return `${counts}. ${verdict} (equally good models differ as much in ${likely} of samples).`;
}

/** What a point of the curve costs and gives. */
export function pointText(point: Omit<CurvePoint, 'threshold'>, currency: string): string {
  const { accuracy, sentShare, costOf1000 } = point;
  const cost = costOf1000 === undefined ? '' : `, ${costText(costOf1000, currency)} for 1,000 photos`;
  return `accuracy ${intervalText(accuracy)}, ${percentText(sentShare)} of photos to the LLM${cost}`;
}

export function proposalText({ proposal, photos }: LocalFirst, currency: string): string | undefined {
  if (proposal === undefined) return undefined;
  const { verdict, point, photosNeeded } = proposal;
  const target = percentText(proposal.target);
  const reached = pointText(point, currency);
  const needed =
    photosNeeded === undefined
      ? ''
      : ` About ${photosNeeded} photos would support it, if the best accuracy seen is the true one.`;
  if (verdict === 'supported')
    return `The cheapest setting whose whole interval lies above ${target}: ${reached}.`;
  if (verdict === 'unsupported')
    return `${photos} photos are too few to claim ${target}. The best estimate of this setting reaches it: ${reached}.${needed}`;
  return `No setting reaches ${target}. The most accurate one: ${reached}.`;
}
