import type { Say } from '../messages/text.ts';
import { html, type Markup, markup } from './html.ts';
import type { CurvePoint, LocalFirst } from './local-first.ts';
import type { Calibration } from './measure.ts';
import { costText, percentText, photosText } from './words.ts';

const width = 560;
const height = 280;
/** Four steps of whole percentages. */
const gridStep = 0.04;
const margin = { left: 72, right: 16, top: 12, bottom: 40 };

interface Scale {
  readonly from: number;
  readonly to: number;
}

const x = (value: number, { from, to }: Scale) =>
  margin.left + ((value - from) / (to - from)) * (width - margin.left - margin.right);
const y = (value: number, { from, to }: Scale) =>
  height - margin.bottom - ((value - from) / (to - from)) * (height - margin.top - margin.bottom);
const path = (points: readonly (readonly [number, number])[]) =>
  points
    .map(([left, top], index) => `${index === 0 ? 'M' : 'L'}${left.toFixed(1)} ${top.toFixed(1)}`)
    .join('');

interface Axes {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: Scale;
  readonly yScale: Scale;
  readonly xText: (value: number) => string;
}

/** Axes with five ticks each, and what is drawn between them. */
function chart({ title, xLabel, yLabel, xScale, yScale, xText }: Axes, content: Markup): Markup {
  const ticks = (scale: Scale) =>
    [0, 1, 2, 3, 4].map((step) => scale.from + ((scale.to - scale.from) * step) / 4);
  const [left, right, bottom] = [margin.left, width - margin.right, height - margin.bottom];
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><title>${title}</title>
${ticks(yScale).map((tick) => html`<path class="grid" d="M${left} ${y(tick, yScale)}H${right}"/><text x="${left - 6}" y="${y(tick, yScale) + 4}" text-anchor="end">${percentText(tick)}</text>`)}
${ticks(xScale).map((tick, at) => html`<text x="${x(tick, xScale)}" y="${bottom + 16}" text-anchor="${at === 4 ? 'end' : at === 0 ? 'start' : 'middle'}">${xText(tick)}</text>`)}
<text class="label" x="${(left + right) / 2}" y="${height - 6}" text-anchor="middle">${xLabel}</text>
<text class="label" transform="translate(11 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>
${content}</svg>`;
}

/** Accuracy against cost, or against the share of photos sent where no price is known. */
export function curveChart(
  { curve, asConfigured, proposal, local, llm }: LocalFirst,
  { currency, say }: { readonly currency: string; readonly say: Say },
): Markup {
  const hasCost =
    curve.every(({ costOf1000 }) => costOf1000 !== undefined) && (curve.at(-1)?.costOf1000 ?? 0) > 0;
  const along = ({ costOf1000, sentShare }: Omit<CurvePoint, 'threshold'>) =>
    hasCost ? (costOf1000 ?? 0) : sentShare;
  const lows = curve.map(({ accuracy }) => accuracy.low);
  const yScale = {
    from: 1 - Math.min(1, Math.ceil((1 - Math.min(...lows)) / gridStep - 1e-9) * gridStep),
    to: 1,
  };
  const xScale = { from: 0, to: Math.max(...curve.map(along)) || 1 };
  const at = (point: Omit<CurvePoint, 'threshold'>, value = point.accuracy.value ?? 0) =>
    [x(along(point), xScale), y(value, yScale)] as const;
  const band = [
    ...curve.map((point) => at(point, point.accuracy.high)),
    ...curve.toReversed().map((point) => at(point, point.accuracy.low)),
  ];
  const dot = (point: Omit<CurvePoint, 'threshold'>, name: 'configured' | 'proposed') => {
    const [left, top] = at(point);
    return html`<circle class="${name}" cx="${left}" cy="${top}" r="5"><title>${say(name)}</title></circle>`;
  };
  const target = proposal && proposal.target >= yScale.from ? y(proposal.target, yScale) : undefined;
  return chart(
    {
      title: say('Accuracy against cost: {local}, then {llm}', { local, llm }),
      xLabel: hasCost ? say('cost of 1,000 photos') : say('share of photos that the LLM is asked about'),
      yLabel: say('accuracy'),
      ...{ xScale, yScale },
      xText: (value) => (hasCost ? costText(value, currency) : percentText(value)),
    },
    html`<path class="band" d="${path(band)}Z"/><path class="line" d="${path(curve.map((point) => at(point)))}"/>
${target === undefined ? markup('') : html`<path class="target" d="M${margin.left} ${target}H${width - margin.right}"/>`}
${asConfigured ? dot(asConfigured, 'configured') : markup('')}${proposal ? dot(proposal.point, 'proposed') : markup('')}`,
  );
}

/** Accuracy against confidence: on the diagonal, a confidence means what it says. */
export function calibrationChart(name: string, { bins }: Calibration, say: Say): Markup {
  const scale = { from: 0, to: 1 };
  const line = (from: number, to: number) =>
    path([
      [x(from, scale), y(from, scale)],
      [x(to, scale), y(to, scale)],
    ]);
  return chart(
    {
      title: say('Accuracy against confidence: {model}', { model: name }),
      xLabel: say('mean confidence of a bin'),
      yLabel: say('accuracy'),
      ...{ xScale: scale, yScale: scale, xText: percentText },
    },
    html`<path class="target" d="${line(0, 1)}"/>${bins.map(({ meanConfidence, accuracy }) => {
      const left = x(meanConfidence, scale);
      return html`<path class="whisker" d="M${left} ${y(accuracy.low, scale)}V${y(accuracy.high, scale)}"/><circle class="bin" cx="${left}" cy="${y(accuracy.value ?? 0, scale)}" r="5"><title>${say(photosText(accuracy.of))}</title></circle>`;
    })}`,
  );
}
