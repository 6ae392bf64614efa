import type { Photo } from '../image/photo.ts';
import type { Deadline } from '../resilience/deadline.ts';

/** What a photo shows, according to one model. */
export interface Classification {
  /** A key of the taxonomy. */
  readonly category: string;
  /** In (0, 1]. */
  readonly confidence: number;
  /** A sentence about the photo, by a vision LLM only. */
  readonly description?: string;
  /** Things and scenes in the photo, by a vision LLM that was asked for them. At least one. */
  readonly tags?: readonly string[];
  /** The picture's prevailing colour: a key of `colours` in wording.json. No model's word, and absent in old results. */
  readonly colour?: string;
  readonly method: 'llm' | 'local';
  /** Name of the model that said so. */
  readonly model: string;
  /** The local model's probability of each of its labels. */
  readonly scores?: Readonly<Record<string, number>>;
}

/**
 * Where an answer came from: a model asked for this photo now, a call that another request had in flight for the
 * same photo, this process's memory, the store under the verified hash, or the store under the caller's own claim.
 */
export type AnswerSource = 'model' | 'flight' | 'memory' | 'store' | 'claim';

export interface Answer {
  readonly classification: Classification;
  readonly from: AnswerSource;
  /** The preferred method failed and a weaker one answered. */
  readonly degraded: boolean;
  /** What the models that were asked now have cost, where that is known: millionths of a currency unit. */
  readonly costMicro?: number;
  /** Settles when the result is in the store, where it is new. Never rejects. */
  readonly written: Promise<void>;
  /** SHA-256 of the photo that a model has seen, if this one is a copy of it. */
  readonly original?: string;
  /** Of a provisional answer in the album lane: a better one follows, or there was no room to wait for one. */
  readonly better?: 'pending' | 'no_room';
}

/** A request's place in a distributed trace: https://www.w3.org/TR/trace-context/. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Two hexadecimal digits: 01 if the caller records the trace. */
  readonly flags: string;
}

export interface ClassifyContext {
  readonly deadline: Deadline;
  /** Aborts when the caller disconnects. Nothing that others wait for may hang on it. */
  readonly signal: AbortSignal;
  /** Who goes first where places are scarce: single photos, then batches, then photos of an album, which may wait. */
  readonly lane: 'single' | 'batch' | 'album';
  /** An operator wants the photo classified again; stored results don't count. */
  readonly isRecheck?: boolean;
  /** Whose photo it is: places are shared out between callers. */
  readonly caller?: string;
  /** Lets those who wait go, with that error: the answer comes late, and is only remembered. */
  readonly release?: (error: Error) => void;
  /** Resolves once the form that the photo came in is complete and accepted: no LLM is asked before. Absent: it is. */
  readonly formAccepted?: Promise<void>;
  /** The trace of the request, where it came with one. */
  readonly trace?: Trace | undefined;
  /** The album it is from: the claimant that its user id names. An address is no album. */
  readonly album?: string;
}

/**
 * Anything that can say what a photo shows: a vision LLM, the local network, the cache in front of them, the
 * fallback around them. Wrappers have the same shape, so they compose, and their order is their meaning.
 */
export interface Classifier {
  /** @throws AppError never an answer that only looks like one */
  classify(photo: Photo, context: ClassifyContext): Promise<Answer>;
}

/** A model's new answer that is not stored yet. */
export function fresh(classification: Classification): Answer {
  return { classification, from: 'model', degraded: false, written: Promise.resolve() };
}
