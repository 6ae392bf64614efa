import { type PhotoError, TooManyPixelsError, UndecodableError, UnsupportedFormatError } from '../errors.ts';
import type { Cost } from './firewall/limits.ts';
import type { Analysis, ImageFormat } from './photo.ts';

/** What a decode is for: a step that nobody wants is skipped. */
export interface Wants {
  /** The metadata-free JPEG for a vision LLM. */
  readonly rendition: boolean;
  /** The local network's probabilities: in the same pass, or only what the network sees, for a pass of its own. */
  readonly infer: boolean | 'later';
}

/** Foretold of a pass over pixels alone: no more than any network takes that is worth having beside an LLM. */
export const passCost: Cost = { cpuMs: 25, megabytes: 1 };

/** One photo for a child process: to decode, or to infer from what an earlier decode left of it. */
export interface Job {
  /** Of the photo. */
  readonly sha256: string;
  readonly bytes: Buffer;
  /** `pixels`: the network's input, of which nothing comes but probabilities. */
  readonly format: ImageFormat | 'pixels';
  readonly wants: Wants;
  /** Foretold from its header. */
  readonly cost: Cost;
}

/** Foretold of what a child does with it, a pass in the same job included. */
export function cpuMsOf({ cost, format, wants }: Job): number {
  return cost.cpuMs + (wants.infer === true && format !== 'pixels' ? passCost.cpuMs : 0);
}

/** What the pool says to a child. */
export type ToChild =
  | { readonly type: 'start'; readonly options: unknown }
  | { readonly type: 'job'; readonly job: Job };

/** What a child says to the pool. Exactly one answer a job. */
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
