import { jpegOf } from './fake-llm-openai.ts';
import { type FakeReply, type FakeRequest, type FakeWire, Rejection } from './fake-llm-wire.ts';

/** Anthropic's messages as far as a photo with a question needs them, as strict as the vendor. */
export const anthropicWire: FakeWire = {
  basePath: '/v1',
  path: '/messages',
  keyOf: (headers) => {
    const key = headers['x-api-key'];
    return typeof key === 'string' && headers['anthropic-version'] === '2023-06-01' ? key : undefined;
  },
  read: readMessagesRequest,
  reply: message,
  error: ({ message: text, status }) => ({
    type: 'error',
    error: { type: errorTypes[status] ?? 'invalid_request_error', message: text },
    request_id: 'req_fake',
  }),
};

const errorTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  404: 'not_found_error',
};

interface Block {
  type?: unknown;
  text?: unknown;
  source?: { type?: unknown; media_type?: unknown; data?: unknown };
}

function readMessagesRequest(parsed: unknown): FakeRequest {
  const body = (parsed ?? {}) as { model?: unknown; max_tokens?: unknown; messages?: unknown };
  const { model, max_tokens: maxTokens, messages } = body;
  if (typeof model !== 'string' || model === '') throw new Rejection(400, null, 'model: Field required');
  if (!Number.isInteger(maxTokens) || Number(maxTokens) < 1)
    throw new Rejection(400, null, 'max_tokens: Field required');
  if (!Array.isArray(messages) || messages.length === 0)
    throw new Rejection(400, null, 'messages: at least one message is required');
  const blocks = messages.flatMap(({ content }: { content?: unknown }) =>
    Array.isArray(content) ? (content as Block[]) : [{ type: 'text', text: content }],
  );
  const prompt = blocks.flatMap(({ type, text }) => (type === 'text' ? [String(text)] : [])).join('\n');
  const sources = blocks.flatMap(({ type, source }) => (type === 'image' && source ? [source] : []));
  const [source] = sources;
  if (source === undefined || sources.length > 1)
    throw new Rejection(400, null, `Expected one image, got ${sources.length}.`);
  const jpeg = jpegOf(`data:${source.media_type};${source.type},${source.data}`);
  source.data = '…';
  return { model, prompt, jpeg, maxTokens: Number(maxTokens), body: body as Record<string, unknown> };
}

const stopReasons: Readonly<Record<string, string>> = { length: 'max_tokens', content_filter: 'refusal' };

function message({ content, finishReason, refusal, usage }: FakeReply, { model }: FakeRequest) {
  const text = typeof content === 'object' && content !== null ? JSON.stringify(content) : content;
  const { inputTokens, outputTokens } = usage ?? { inputTokens: 310, outputTokens: 28 };
  const stop = refusal === undefined ? stopReasons[finishReason ?? ''] : 'refusal';
  return {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    model,
    content: text === null ? [] : [{ type: 'text', text }],
    stop_reason: stop ?? 'end_turn',
    stop_sequence: null,
    ...(usage !== null && { usage: { input_tokens: inputTokens, output_tokens: outputTokens } }),
  };
}
