import {
  type PhotoError,
  TooManyPixelsError,
  UndecodableError,
  UnsupportedFormatError,
} from '../../errors.ts';
import type { Cost } from '../inspect/limits.ts';
import type { Analysis, ImageFormat } from '../photo.ts';

/** What a job is for: the child skips a step that nobody wants. */
export interface Wants {
  /** The metadata-free JPEG for a vision LLM. */
  readonly rendition: boolean;
  /** The local network's probabilities. */
  readonly infer: boolean;
  /** What near duplicates are found by. It is made of the rendition. */
  readonly fingerprint?: boolean;
  /** The prevailing colour. It is made of the rendition or of the network's input, whichever is wanted. */
  readonly colour?: boolean;
}

/** One photo for a child process: the upload to decode, or its rendition for the network alone. */
export interface Job {
  readonly kind: 'decode' | 'inference';
  /** Of the photo. */
  readonly sha256: string;
  readonly bytes: Buffer;
  readonly format: ImageFormat;
  readonly wants: Wants;
  /** Estimated from the photo's header. */
  readonly cost: Cost;
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
  /** `unfit` says why it can decode but not infer. */
  | { readonly type: 'ready'; readonly unfit?: string }
  | { readonly type: 'start-failed'; readonly reason: string }
  | { readonly type: 'done'; readonly analysis: Analysis }
  /** The photo is at fault. */
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  /** The child is: it takes no further job. */
  | { readonly type: 'broken'; readonly reason: string };

/** The error a child refused a photo with, as it was before it crossed the process boundary. */
export function photoErrorOf(code: string, message: string): PhotoError {
  switch (code) {
    case 'unsupported_format':
      return new UnsupportedFormatError(message);
    case 'too_many_pixels':
      return new TooManyPixelsError(message);
    case 'truncated_image':
    case 'refused_image':
      return new UndecodableError(code, message);
    default:
      return new UndecodableError('undecodable_image', message);
  }
}
