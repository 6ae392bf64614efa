import { chanceOf } from './intervals.ts';
import { type LocalFirst, localFirst } from './local-first.ts';
import { type Comparison, compare, type Measurement, measure } from './measure.ts';
import { answerIn, type EvaluatedModel, type LabelledPhoto, type ModelAnswer } from './outcome.ts';

export interface EvaluationInput {
  /** Keys of the taxonomy, in its order. */
  readonly categories: readonly string[];
  /** Each hash once. */
  readonly photos: readonly LabelledPhoto[];
  readonly models: readonly EvaluatedModel[];
  /** Accuracy to reach, 0 to 1. */
  readonly target?: number | undefined;
  /** Of all costs. */
  readonly currency: string;
}

/** All figures of a report. The same input gives the same figures. */
export interface Evaluation {
  readonly categories: readonly string[];
  readonly currency: string;
  readonly photos: number;
  readonly photosOf: Readonly<Record<string, number>>;
  readonly models: readonly Measurement[];
  readonly comparisons: readonly (Comparison & { readonly chance: number })[];
  readonly localFirst: readonly LocalFirst[];
  /** By category and file, as the report lists them. */
  readonly disagreements: readonly Disagreement[];
  /** What the sample is too small for. */
  readonly cautions: readonly Caution[];
}

/** `few`, `none`: categories with fewer photos than that, or without any; `small`: the whole sample. */
export interface Caution {
  readonly kind: 'few' | 'none' | 'small';
  /** `pets (3), foods (1)` */
  readonly categories: string;
  readonly photos: number;
}

/** A photo that some model has wrong. */
export interface Disagreement extends LabelledPhoto {
  /** In the order of the models; undefined where there is no answer. */
  readonly answers: readonly (Pick<ModelAnswer, 'category' | 'confidence'> | undefined)[];
}

export function evaluate({ categories, photos, models, target, currency }: EvaluationInput): Evaluation {
  const photosOf = Object.fromEntries(
    categories.map((key) => [key, photos.filter(({ category }) => category === key).length]),
  );
  const pairs = models.flatMap((one, index) => models.slice(index + 1).map((other) => [one, other] as const));
  const comparisons = pairs
    .map(([one, other]) => compare(one, other, photos))
    .map((one) => ({ ...one, chance: chanceOf(one.onlyOneRight, one.onlyOtherRight) }));
  const llms = models.filter(({ kind }) => kind === 'llm');
  const locals = models.filter(({ kind }) => kind === 'local');
  return {
    ...{ categories, currency, photosOf, comparisons },
    photos: photos.length,
    models: models.map((model) => measure(model, photos, categories)),
    localFirst: locals
      .flatMap((local) => llms.map((llm) => localFirst(local, llm, photos, target)))
      .filter((one) => one.photos > 0),
    disagreements: photos
      .flatMap((photo) => disagreementOn(photo, models))
      .toSorted((one, other) => (one.category + one.file < other.category + other.file ? -1 : 1)),
    cautions: cautionsFor(photosOf, photos.length),
  };
}

function disagreementOn(photo: LabelledPhoto, models: readonly EvaluatedModel[]): Disagreement[] {
  const answers = models.map(({ outcomes }) => {
    const answer = answerIn(outcomes.get(photo.sha256));
    return answer && { category: answer.category, confidence: answer.confidence };
  });
  const isWrong = answers.some((answer) => answer !== undefined && answer.category !== photo.category);
  return isWrong ? [{ ...photo, answers }] : [];
}

/** With fewer photos the interval of a recall spans 20 points and more. */
const fewPhotos = 30;

function cautionsFor(photosOf: Readonly<Record<string, number>>, photos: number): Caution[] {
  const few = Object.entries(photosOf).filter(([, count]) => count > 0 && count < fewPhotos);
  const none = Object.entries(photosOf).filter(([, count]) => count === 0);
  const listOf = (some: typeof few) =>
    some.map(([key, count]) => (count ? `${key} (${count})` : key)).join(', ');
  return [
    ...(few.length > 0 ? [{ kind: 'few' as const, categories: listOf(few), photos: fewPhotos }] : []),
    ...(none.length > 0 ? [{ kind: 'none' as const, categories: listOf(none), photos: 0 }] : []),
    ...(photos < 100 ? [{ kind: 'small' as const, categories: '', photos }] : []),
  ];
}
