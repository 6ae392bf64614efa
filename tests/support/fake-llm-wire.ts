import type { IncomingHttpHeaders } from 'node:http';

/** What one vendor's wire format looks like from the vendor's side. */
export interface FakeWire {
  /** Where its requests go, below the base URL. */
  readonly path: string;
  /** What the base URL ends with. */
  readonly basePath: string;
  keyOf(headers: IncomingHttpHeaders): string | undefined;
  /** @throws Rejection for a request that the vendor refuses */
  read(body: unknown): FakeRequest;
  reply(reply: FakeReply, request: FakeRequest): object;
  error(rejection: Rejection): object;
}

/** A request as the vendor understands it. */
export interface FakeRequest {
  readonly model: string;
  readonly prompt: string;
  readonly jpeg: Buffer;
  readonly maxTokens: number | undefined;
  /** The whole body but for the photo's base64. */
  readonly body: Record<string, unknown>;
}

/** What the model says. An object is sent as its JSON text. */
export interface FakeReply {
  readonly content: string | object | null;
  readonly finishReason?: string;
  readonly refusal?: string;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number } | null;
}

/** A refused request: status, and what the vendor writes into its error object. */
export class Rejection extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly type: string;

  constructor(status: number, code: string | null, message: string, type = 'invalid_request_error') {
    super(message);
    this.status = status;
    this.code = code;
    this.type = type;
  }
}
