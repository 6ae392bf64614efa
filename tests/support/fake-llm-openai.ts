import { type FakeReply, type FakeRequest, type FakeWire, Rejection } from './fake-llm-wire.ts';

/** OpenAI's chat completions as far as a photo with a question needs them, as strict as the vendor. */
export const openAiWire: FakeWire = {
  basePath: '/v1',
  path: '/chat/completions',
  keyOf: ({ authorization }) => /^Bearer (.+)$/.exec(authorization ?? '')?.[1],
  read: readChatRequest,
  reply: chatCompletion,
  error: ({ message, type, code }) => ({ error: { message, type, param: null, code } }),
};

/** DashScope in compatible mode. */
export const dashscopeWire: FakeWire = { ...openAiWire, basePath: '/compatible-mode/v1' };

interface ChatBody {
  model?: unknown;
  messages?: unknown;
  max_tokens?: unknown;
  max_completion_tokens?: unknown;
  response_format?: { type?: unknown; json_schema?: { schema?: unknown } };
}

interface Part {
  type?: unknown;
  text?: unknown;
  image_url?: { url?: unknown };
}

function readChatRequest(parsed: unknown): FakeRequest {
  const body = (parsed ?? {}) as ChatBody;
  const { model } = body;
  if (typeof model !== 'string' || model === '')
    throw new Rejection(400, null, 'you must provide a model parameter');
  const parts = contentParts(body.messages);
  const prompt = parts.flatMap(({ type, text }) => (type === 'text' ? [String(text)] : [])).join('\n');
  const images = parts.filter(({ type }) => type === 'image_url');
  const [image] = images;
  if (image === undefined || images.length > 1)
    throw new Rejection(400, null, `Expected one image, got ${images.length}.`);
  const jpeg = jpegOf(image.image_url?.url);
  checkResponseFormat(body.response_format, prompt);
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && Number(maxTokens) > 0))
    throw new Rejection(400, 'invalid_value', "Invalid 'max_tokens': expected a positive integer.");
  image.image_url = { ...image.image_url, url: 'data:image/jpeg;base64,…' };
  const bound = maxTokens === undefined ? undefined : Number(maxTokens);
  return { model, prompt, jpeg, maxTokens: bound, body: body as Record<string, unknown> };
}

function contentParts(messages: unknown): Part[] {
  if (!Array.isArray(messages) || messages.length === 0)
    throw new Rejection(400, 'missing_required_parameter', "Missing required parameter: 'messages'.");
  return messages.flatMap(({ role, content }: { role?: unknown; content?: unknown }) => {
    if (role !== 'user' && role !== 'system')
      throw new Rejection(400, 'invalid_value', `Invalid value: '${role}'.`);
    return Array.isArray(content) ? (content as Part[]) : [{ type: 'text', text: content }];
  });
}

/** @throws Rejection the URL holds no whole JPEG */
export function jpegOf(url: unknown): Buffer {
  const base64 = /^data:image\/jpeg;base64,([A-Za-z0-9+/]+={0,2})$/.exec(String(url))?.[1];
  const jpeg = Buffer.from(base64 ?? '', 'base64');
  const isWhole = base64 !== undefined && jpeg.toString('base64') === base64;
  if (!isWhole || jpeg.readUIntBE(0, 3) !== 0xffd8ff)
    throw new Rejection(
      400,
      'invalid_base64',
      "Invalid 'image_url': expected a base64-encoded JPEG data URL.",
    );
  return jpeg;
}

function checkResponseFormat(format: ChatBody['response_format'], prompt: string) {
  if (format === undefined) return;
  const isKnown = format.type === 'json_object' || format.type === 'json_schema' || format.type === 'text';
  if (!isKnown) throw new Rejection(400, 'invalid_value', "Invalid value for 'response_format.type'.");
  if (format.type === 'json_object' && !/json/i.test(prompt))
    throw new Rejection(400, null, "'messages' must contain the word 'json' to use 'response_format'.");
  if (format.type === 'json_schema' && typeof format.json_schema?.schema !== 'object')
    throw new Rejection(400, 'missing_required_parameter', "Missing 'response_format.json_schema.schema'.");
}

function chatCompletion({ content, finishReason, refusal, usage }: FakeReply, { model }: FakeRequest) {
  const text = typeof content === 'object' && content !== null ? JSON.stringify(content) : content;
  const { inputTokens, outputTokens } = usage ?? { inputTokens: 310, outputTokens: 28 };
  const tokens = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const message = { role: 'assistant', content: text, refusal: refusal ?? null };
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message, finish_reason: finishReason ?? 'stop' }],
    ...(usage !== null && { usage: tokens }),
  };
}
