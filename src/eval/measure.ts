import { type Proportion, proportion } from '../proportion.ts';
import { type Mean, meanOf, percentile } from './intervals.ts';
import { answerIn, type EvaluatedModel, type LabelledPhoto, type ModelAnswer } from './outcome.ts';

/** How good one model is on the photos that it answered. */
export interface Measurement {
  readonly name: string;
  readonly kind: EvaluatedModel['kind'];
  /** Photos with an answer. */
  readonly answered: number;
  /** Photos that the model was not asked about. */
  readonly notAsked: number;
  /** Photos without an answer, by class of failure. */
  readonly failures: Readonly<Record<string, number>>;
  readonly accuracy: Proportion;
  /** Mean recall of the categories that have photos. */
  readonly macroRecall: Mean;
  readonly recalls: readonly Recall[];
  /** Only pairs that occur. */
  readonly confusion: readonly Confusion[];
  readonly calibration: Calibration;
  /** Milliseconds; undefined with too few answers. */
  readonly durationMs: { readonly p50: number | undefined; readonly p95: number | undefined };
  /** Whole currency units, failed calls counted in; undefined where no price is known. */
  readonly costOf1000: number | undefined;
}

export interface Recall {
  readonly category: string;
  readonly recall: Proportion;
}

export interface Confusion {
  readonly actual: string;
  readonly answered: string;
  readonly photos: number;
}

export interface Calibration {
  /** Mean difference of confidence and accuracy, weighted by the photos of each bin. */
  readonly expectedError: number | undefined;
  /** Without empty ones. */
  readonly bins: readonly Bin[];
}

export interface Bin {
  /** Confidences from here … */
  readonly from: number;
  /** … to here; 1 belongs to the last bin. */
  readonly to: number;
  readonly meanConfidence: number;
  readonly accuracy: Proportion;
}

interface Judged extends ModelAnswer {
  readonly actual: string;
}

export function measure(
  { name, kind, outcomes }: EvaluatedModel,
  photos: readonly LabelledPhoto[],
  categories: readonly string[],
): Measurement {
  const judged: Judged[] = [];
  const failures: Record<string, number> = {};
  const costs: (number | undefined)[] = [];
  let notAsked = 0;
  for (const { sha256, category: actual } of photos) {
    const outcome = outcomes.get(sha256);
    if (outcome === undefined) notAsked += 1;
    else if ('category' in outcome) judged.push({ ...outcome, actual });
    else failures[outcome.failure] = (failures[outcome.failure] ?? 0) + 1;
    // A failure that cost nothing has no cost.
    if (outcome !== undefined && ('category' in outcome || outcome.costMicro)) costs.push(outcome.costMicro);
  }
  const recalls = categories.map((category) => {
    const own = judged.filter(({ actual }) => actual === category);
    return { category, recall: rightOf(own) };
  });
  const durations = judged.map(({ durationMs }) => durationMs);
  return {
    ...{ name, kind, notAsked, failures, recalls },
    answered: judged.length,
    accuracy: rightOf(judged),
    macroRecall: meanOf(recalls.map(({ recall }) => recall)),
    confusion: confusionOf(judged, categories),
    calibration: calibrationOf(judged),
    durationMs: { p50: percentile(durations, 50), p95: percentile(durations, 95) },
    costOf1000: kind === 'local' ? 0 : costOf1000(costs, judged.length),
  };
}

/** Undefined without an answer, and where the cost of one is unknown. */
function costOf1000(costsMicro: readonly (number | undefined)[], answers: number): number | undefined {
  if (answers === 0 || costsMicro.includes(undefined)) return undefined;
  return costsMicro.reduce<number>((sum, one) => sum + (one ?? 0), 0) / answers / 1_000;
}

function rightOf(judged: readonly Judged[]): Proportion {
  return proportion(judged.filter(({ category, actual }) => category === actual).length, judged.length);
}

function confusionOf(judged: readonly Judged[], categories: readonly string[]): Confusion[] {
  return categories
    .flatMap((actual) =>
      categories.map((answered) => ({
        ...{ actual, answered },
        photos: judged.filter((one) => one.actual === actual && one.category === answered).length,
      })),
    )
    .filter(({ photos }) => photos > 0);
}

const binCount = 10;

function calibrationOf(judged: readonly Judged[]): Calibration {
  const bins = Array.from({ length: binCount }, (_, index) => {
    const own = judged.filter(({ confidence }) => binOf(confidence) === index);
    return {
      from: index / binCount,
      to: (index + 1) / binCount,
      meanConfidence: own.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, own.length),
      accuracy: rightOf(own),
    };
  }).filter(({ accuracy }) => accuracy.of > 0);
  const errors = bins.map(
    ({ meanConfidence, accuracy }) => Math.abs(meanConfidence - (accuracy.value ?? 0)) * accuracy.of,
  );
  const expectedError =
    judged.length === 0 ? undefined : errors.reduce((sum, one) => sum + one, 0) / judged.length;
  return { expectedError, bins };
}

const binOf = (confidence: number) => Math.min(binCount - 1, Math.floor(confidence * binCount));

/** Two models on the photos that both answered. */
export interface Comparison {
  readonly one: string;
  readonly other: string;
  readonly photos: number;
  readonly bothRight: number;
  readonly onlyOneRight: number;
  readonly onlyOtherRight: number;
  readonly bothWrong: number;
}

export function compare(
  one: EvaluatedModel,
  other: EvaluatedModel,
  photos: readonly LabelledPhoto[],
): Comparison {
  const rights = photos.flatMap(({ sha256, category }) => {
    const [first, second] = [one, other].map(({ outcomes }) => answerIn(outcomes.get(sha256)));
    if (!first || !second) return [];
    return [[first.category === category, second.category === category] as const];
  });
  const count = (first: boolean, second: boolean) =>
    rights.filter(([one, other]) => one === first && other === second).length;
  return {
    one: one.name,
    other: other.name,
    photos: rights.length,
    bothRight: count(true, true),
    onlyOneRight: count(true, false),
    onlyOtherRight: count(false, true),
    bothWrong: count(false, false),
  };
}
