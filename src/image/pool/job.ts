import type { Text } from '../../messages/text.ts';
import type { DecodeCost } from '../inspect/limits.ts';
import type { AnalyseContext, Analysis, ImageFormat, Wants } from '../photo.ts';

/** One photo for a child process: an upload to decode, or its rendition for inference alone. */
export interface Job {
  readonly kind: 'decode' | 'inference';
  /** Of the photo. */
  readonly sha256: string;
  readonly bytes: Buffer;
  readonly format: ImageFormat;
  readonly wants: Wants;
  /** Estimated from the photo's header. */
  readonly cost: DecodeCost;
}

/** A job in the queue or in a child. */
export interface QueuedJob {
  readonly job: Job;
  readonly context: AnalyseContext;
  readonly resolve: (analysis: Analysis) => void;
  readonly reject: (reason: unknown) => void;
  /** Children lost while they ran this job. */
  losses: number;
}

/** CPU time of one inference, on the machine on which costs were measured. */
const inferenceMs = 25;
/** Other callers would notice a longer decode. Phones' own JPEGs, screenshots and panoramas take less. */
const expensiveMs = 200;

/**
 * Estimated CPU time of a job. Inference on its own has no estimate, because it depends on whether an LLM fails. The
 * throughput estimate includes its actual time.
 */
export function estimatedMs({ kind, cost, wants }: Job): number {
  if (kind === 'inference') return 0;
  return cost.cpuMs + (wants.infer ? inferenceMs : 0);
}

export function isExpensive({ kind, cost }: Pick<Job, 'kind' | 'cost'>): boolean {
  return kind === 'decode' && cost.cpuMs >= expensiveMs;
}

/** A message from the pool to a child. */
export type ToChild =
  | { readonly type: 'start'; readonly options: unknown }
  | { readonly type: 'job'; readonly job: Job };

/** A message from a child to the pool. Each job gets exactly one answer, in order. */
export type FromChild =
  /** `modelError`: why the child can decode but not infer. */
  | { readonly type: 'ready'; readonly modelError?: string }
  | { readonly type: 'start-failed'; readonly reason: string }
  | { readonly type: 'done'; readonly analysis: Analysis }
  /** The photo is at fault. */
  | { readonly type: 'refused'; readonly code: string; readonly text: Text }
  /** The child is at fault, and takes no further job. */
  | { readonly type: 'broken'; readonly reason: string };
