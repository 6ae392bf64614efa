/** One vision LLM behind one wire format. Vendor JSON stays inside its file. */
export interface VisionModel {
  /** What answers and rows name: the vendor's model name. */
  readonly name: string;
  /**
   * One call, one attempt. `signal` ends it: a connection is closed, a body is not read on.
   * @throws VisionError with a short reason
   */
  ask(question: VisionQuestion, signal: AbortSignal): Promise<VisionReply>;
}

export interface VisionQuestion {
  /** Metadata-free JPEG. */
  readonly jpeg: Buffer;
  readonly prompt: string;
  /** Upper bound of the reply's length, in tokens. */
  readonly maxTokens: number;
  /** Keys that `category` may take, for models with structured output. */
  readonly categories: readonly string[];
}

export interface VisionReply {
  /** The model's own words, unchecked. */
  readonly text: string;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}
