import { VisionError } from '../../errors.ts';
import { endpointOf } from '../catalogue/target.ts';
import { bodyWithImage } from './image-body.ts';
import { readChatCompletion } from './openai-reply.ts';
import { jsonIn } from './reply-json.ts';
import type { RequestFields } from './request-fields.ts';
import type { Vendor } from './vendor-error.ts';
import { checkKey, type VendorAnswer, vendorPost } from './vendor-post.ts';
import type { VisionModel, VisionQuestion } from './vision-model.ts';

export interface OpenAiCompatibleOptions {
  /** The vendor's name of the model. */
  readonly name: string;
  /** Up to and without `/chat/completions`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Whose error codes it speaks; OpenAI's where absent. */
  readonly vendor?: Vendor;
  /** Shared by all keys of a provider. */
  readonly fields: RequestFields;
}

/** Any model that speaks OpenAI's chat completions, https://platform.openai.com/docs/api-reference/chat. */
export function openAiCompatibleModel(options: OpenAiCompatibleOptions): VisionModel {
  const { name, baseUrl, apiKey, fields, vendor = 'openai' } = options;
  checkKey(apiKey);
  const headers = { authorization: `Bearer ${apiKey}` };
  const post = vendorPost({ vendor, url: endpointOf(baseUrl, 'chat/completions'), headers });
  // Loading the package takes a fifth of the start; a service without such a provider does without it.
  const client = import('openai').then(
    ({ default: OpenAI }) =>
      new OpenAI({
        apiKey,
        baseURL: baseUrl,
        maxRetries: 0,
        // The signal of a call is its time limit.
        timeout: longestTimerMs,
        logLevel: 'off',
        fetch: async (_, { body, signal, headers } = {}) => {
          const traceparent = new Headers(headers).get('traceparent') ?? undefined;
          return responseOf(await post(body as Buffer, signal ?? unending, traceparent));
        },
        // Otherwise read from the environment.
        organization: null,
        project: null,
        adminAPIKey: null,
      }),
  );

  async function send(body: Buffer, signal: AbortSignal, traceparent?: string): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...(traceparent !== undefined && { traceparent }) };
    try {
      return await (await client).post('/chat/completions', { body, headers, signal }).asResponse();
    } catch (error) {
      signal.throwIfAborted();
      throw visionErrorOf(error);
    }
  }

  return {
    name,
    ask(question, signal, traceparent) {
      const more = responseFormat(fields, question);
      return fields.send({ model: name, maxTokens: question.maxTokens, more }, async (sent) => {
        signal.throwIfAborted();
        const response = await send(chatCompletionBody(sent, fields, question), signal, traceparent);
        const reply = readChatCompletion(jsonIn(await response.text()), vendor);
        return { ...reply, headers: response.headers };
      });
    },
  };
}

const longestTimerMs = 2 ** 31 - 1;
const unending = new AbortController().signal;

/** A reply that is there already, for the client: its text was decoded, so nothing says how it was encoded. */
function responseOf({ text, headers }: VendorAnswer): Response {
  const decoded = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) decoded.delete(name);
  return new Response(text, { status: 200, headers: decoded });
}

/** The client wraps what `vendorPost` throws; nothing of the client's own words or fields is passed on. */
function visionErrorOf(error: unknown): VisionError {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof VisionError) return cause;
  return new VisionError('internal');
}

const tail = '"}}]}]}';

function chatCompletionBody(
  sent: Readonly<Record<string, unknown>>,
  { rules, allows }: RequestFields,
  { prompt, jpeg }: VisionQuestion,
): Buffer<ArrayBuffer> {
  const detail = rules.detail && allows('detail') && { detail: rules.detail };
  const content = [
    { type: 'text', text: prompt },
    { type: 'image_url', image_url: { ...detail, url: 'data:image/jpeg;base64,' } },
  ];
  const { messages: _, ...fields } = sent;
  return bodyWithImage(JSON.stringify({ ...fields, messages: [{ role: 'user', content }] }), tail, jpeg);
}

function responseFormat({ rules: { structuredOutput } }: RequestFields, question: VisionQuestion) {
  if (structuredOutput === 'none' || question.form === 'code') return {};
  if (structuredOutput === 'json_object') return { response_format: { type: 'json_object' } };
  const properties = {
    category: { type: 'string', enum: question.categories },
    confidence: { type: 'number' },
    ...(question.form === 'described' && { description: { type: 'string' } }),
    ...(question.tags > 0 && { tags: { type: 'array', items: { type: 'string' } } }),
  };
  const schema = {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
  return { response_format: { type: 'json_schema', json_schema: { name: 'photo', strict: true, schema } } };
}
