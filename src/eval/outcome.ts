/** What one model did with one photo. */
export type Outcome = ModelAnswer | ModelFailure;

export interface ModelAnswer {
  /** A key of the taxonomy. */
  readonly category: string;
  /** Above 0, at most 1. */
  readonly confidence: number;
  /** Of the call that answered, or of decoding and the local network. */
  readonly durationMs: number;
  /** Of all calls for the photo, in millionths of a currency unit; absent where no price is known. */
  readonly costMicro?: number;
  /** The local model's probability of each of its labels. */
  readonly scores?: Readonly<Record<string, number>>;
}

export interface ModelFailure {
  /** A class of failure, such as `refused`; `never_sent` for a photo that LLM_NEVER_SEND keeps back. */
  readonly failure: string;
  readonly costMicro?: number;
}

export const neverSent = 'never_sent';

/** Failures that asking again would not change. */
const lasting = ['refused', 'bad_answer'];

/** Whether it says something about model and photo, rather than about the network or the hour. */
export function isLasting(outcome: Outcome): boolean {
  return 'category' in outcome || lasting.includes(outcome.failure);
}

/** A photo with its right category. */
export interface LabelledPhoto {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** As the user named it. */
  readonly file: string;
  readonly category: string;
}

export interface EvaluatedModel {
  readonly name: string;
  readonly kind: 'local' | 'llm';
  /** By the photo's hash. Photos that the model was not asked about are absent. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Whether the local answer needs no LLM, as the service is configured; for a local model only. */
  readonly isSure?: (answer: ModelAnswer) => boolean;
}

export function answerIn(outcome: Outcome | undefined): ModelAnswer | undefined {
  return outcome && 'category' in outcome ? outcome : undefined;
}
