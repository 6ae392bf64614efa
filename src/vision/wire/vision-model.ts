import type { Trace } from '../../classify/classifier.ts';

/** One vision LLM behind one wire format and one key. Vendor JSON stays inside its file. */
export interface VisionModel {
  /** What answers and rows name: the vendor's model name. */
  readonly name: string;
  /**
   * One call, one attempt. `signal` ends it: a connection is closed, a body is not read on.
   * @param traceparent W3C header of the call
   * @throws VisionError with a short reason; the reason of `signal` when that ended the call
   */
  ask(question: VisionQuestion, signal: AbortSignal, traceparent?: string): Promise<VisionReply>;
}

/**
 * What the prompt asks for: a JSON object with or without a description, or nothing but a category's key. Models
 * with structured output are held to it.
 */
export type ReplyForm = 'described' | 'bare' | 'code';

export interface VisionQuestion {
  /** Metadata-free JPEG. */
  readonly jpeg: Buffer;
  readonly prompt: string;
  readonly form: ReplyForm;
  /** Most tags that the prompt asks for. */
  readonly tags: number;
  /** Upper bound of the reply's length, in tokens. */
  readonly maxTokens: number;
  /** Keys that `category` may take, for models with structured output. */
  readonly categories: readonly string[];
  /** The trace that the call continues. */
  readonly trace?: Trace;
}

export interface TokenUsage {
  readonly inputTokens: number;
  /** Of these, what the vendor had in its cache. */
  readonly cachedInputTokens?: number;
  readonly outputTokens: number;
}

export interface VisionReply {
  /** The model's own words, unchecked. */
  readonly text: string;
  readonly usage?: TokenUsage;
  /** Of the vendor's answer: what it says of its limits. */
  readonly headers?: Headers;
}
