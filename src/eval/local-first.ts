import { type Proportion, proportion } from '../proportion.ts';
import { casesNeeded } from './intervals.ts';
import { answerIn, type EvaluatedModel, isLasting, type LabelledPhoto, neverSent } from './outcome.ts';

/** What the strategy `local-first` gives with one local model and one LLM. */
export interface LocalFirst {
  readonly local: string;
  readonly llm: string;
  /** Photos that both were asked about. */
  readonly photos: number;
  /** From the cheapest to the most expensive: all answers by the local model first, all by the LLM last. */
  readonly curve: readonly CurvePoint[];
  /** With the thresholds that are configured. */
  readonly asConfigured: Omit<CurvePoint, 'threshold'> | undefined;
  readonly proposal: Proposal | undefined;
}

export interface CurvePoint {
  /** The local answer counts from this confidence, in any category. Undefined: never. */
  readonly threshold: number | undefined;
  /** Share of photos that the LLM is asked about. */
  readonly sentShare: number;
  readonly accuracy: Proportion;
  /** Whole currency units; undefined where no price is known. */
  readonly costOf1000: number | undefined;
}

/** The cheapest way to reach a target. */
export interface Proposal {
  readonly target: number;
  /** `supported`: the whole interval reaches it. `unsupported`: only the best estimate does. `unreached`: none does. */
  readonly verdict: 'supported' | 'unsupported' | 'unreached';
  /** The most accurate one where the target is not reached. */
  readonly point: CurvePoint;
  /** With so many photos an accuracy such as this would support the claim; undefined where none would. */
  readonly photosNeeded: number | undefined;
}

interface Case {
  readonly confidence: number;
  readonly isSure: boolean;
  readonly isLocalRight: boolean;
  /** Of the answer that follows if the local one does not count. */
  readonly isLlmRight: boolean;
  readonly isSent: boolean;
  readonly costMicro: number | undefined;
}

/** @param target accuracy to reach, 0 to 1 */
export function localFirst(
  local: EvaluatedModel,
  llm: EvaluatedModel,
  photos: readonly LabelledPhoto[],
  target: number | undefined,
): LocalFirst {
  const cases = photos.flatMap((photo) => caseOf(photo, local, llm));
  const curve = cases.length === 0 ? [] : curveOf(cases);
  return {
    local: local.name,
    llm: llm.name,
    photos: cases.length,
    curve,
    asConfigured: cases.length > 0 && local.isSure ? measured(cases, ({ isSure }) => isSure) : undefined,
    proposal: target === undefined || cases.length === 0 ? undefined : proposalFor(target, curve),
  };
}

/** As in the service, the local answer stands where the LLM has none or must not be asked. */
function caseOf({ sha256, category }: LabelledPhoto, local: EvaluatedModel, llm: EvaluatedModel): Case[] {
  const own = answerIn(local.outcomes.get(sha256));
  const outcome = llm.outcomes.get(sha256);
  if (!own || !outcome) return [];
  const answer = answerIn(outcome);
  const isSent = !('failure' in outcome) || outcome.failure !== neverSent;
  if (isSent && !isLasting(outcome)) return [];
  return [
    {
      confidence: own.confidence,
      isSure: local.isSure?.(own) ?? false,
      isLocalRight: own.category === category,
      isLlmRight: (answer ?? own).category === category,
      isSent,
      costMicro: answer ? answer.costMicro : (outcome.costMicro ?? 0),
    },
  ];
}

/** Rounded down, so that the confidence itself reaches it. */
const thousandth = (confidence: number) => Math.floor(confidence * 1_000) / 1_000;

/** Thresholds between two confidences that occur make no difference. */
function curveOf(cases: readonly Case[]): CurvePoint[] {
  const thresholds = [...new Set(cases.map(({ confidence }) => thousandth(confidence)))].sort(
    (a, b) => a - b,
  );
  return [...thresholds, undefined].map((threshold) => ({
    threshold,
    ...measured(cases, ({ confidence }) => threshold !== undefined && confidence >= threshold),
  }));
}

function measured(cases: readonly Case[], isLocal: (one: Case) => boolean): Omit<CurvePoint, 'threshold'> {
  let right = 0;
  let sent = 0;
  let costMicro: number | undefined = 0;
  for (const one of cases) {
    const local = isLocal(one);
    if (local ? one.isLocalRight : one.isLlmRight) right += 1;
    if (local || !one.isSent) continue;
    sent += 1;
    costMicro =
      costMicro === undefined || one.costMicro === undefined ? undefined : costMicro + one.costMicro;
  }
  return {
    sentShare: sent / cases.length,
    accuracy: proportion(right, cases.length),
    costOf1000: costMicro === undefined ? undefined : costMicro / cases.length / 1_000,
  };
}

function proposalFor(target: number, curve: readonly CurvePoint[]): Proposal {
  const accuracyOf = ({ accuracy }: CurvePoint) => accuracy.value ?? 0;
  const supported = curve.find(({ accuracy }) => accuracy.low >= target);
  const reached = supported ?? curve.find((one) => accuracyOf(one) >= target);
  const point = reached ?? curve.reduce((best, one) => (accuracyOf(one) > accuracyOf(best) ? one : best));
  return {
    target,
    point,
    verdict: supported ? 'supported' : reached ? 'unsupported' : 'unreached',
    photosNeeded: supported ? undefined : casesNeeded(Math.max(...curve.map(accuracyOf)), target),
  };
}

/** Lines for `.env` that make the service work at a point. */
export function settingsFor({ threshold }: CurvePoint, categories: readonly string[]): string {
  if (threshold === undefined) return 'STRATEGY=llm-first';
  return `STRATEGY=local-first\nLOCAL_SURE=${categories.map((key) => `${key}:${threshold}`).join(',')}`;
}
