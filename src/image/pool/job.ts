import type { DecodeCost } from '../inspect/limits.ts';
import type { AnalyseContext, Analysis, ImageFormat, Wants } from '../photo.ts';

/** One photo for a child process: the upload to decode, or its rendition for the network alone. */
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

/** The network's run, on the machine on which costs were measured. */
const inferenceMs = 25;
/** From here on others would notice a decode. Phones' own JPEGs, screenshots and panoramas stay below. */
const expensiveMs = 200;

/**
 * Estimated CPU time of a job. Inference on its own is not planned for: nobody knows whether an LLM will fail. The
 * throughput estimate sees what it takes.
 */
export function estimatedMs({ kind, cost, wants }: Job): number {
  if (kind === 'inference') return 0;
  return cost.cpuMs + (wants.infer ? inferenceMs : 0);
}

export function isExpensive({ kind, cost }: Job): boolean {
  return kind === 'decode' && cost.cpuMs >= expensiveMs;
}

/** From the pool to a child. */
export type ToChild =
  | { readonly type: 'start'; readonly options: unknown }
  | { readonly type: 'job'; readonly job: Job };

/** From a child to the pool. Exactly one answer a job. */
export type FromChild =
  /** `modelError` says why it can decode but not infer. */
  | { readonly type: 'ready'; readonly modelError?: string }
  | { readonly type: 'start-failed'; readonly reason: string }
  | { readonly type: 'done'; readonly analysis: Analysis }
  /** The photo is at fault. */
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  /** The child is: it takes no further job. */
  | { readonly type: 'broken'; readonly reason: string };
