import OpenAI from 'openai';
import { VisionError } from '../errors.ts';
import { bodyWithImage } from './image-body.ts';
import { readChatCompletion } from './openai-reply.ts';
import { type Vendor, VendorError } from './vendor-error.ts';
import { checkKey, vendorFetch } from './vendor-fetch.ts';
import type { VisionModel, VisionQuestion } from './vision-model.ts';

export interface OpenAiCompatibleOptions {
  /** The vendor's name of the model. */
  readonly name: string;
  /** Up to and without `/chat/completions`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Whose error codes it speaks; OpenAI's where absent. */
  readonly vendor?: Extract<Vendor, 'openai' | 'dashscope'>;
  /** How the reply is held to its form: by a schema, to any JSON object, or by the prompt alone. */
  readonly structuredOutput: 'json_schema' | 'json_object' | 'none';
  /** OpenAI calls the bound of a reply `max_completion_tokens`, everybody else still `max_tokens` (the default). */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** How closely OpenAI's models look; left out where a vendor has no such thing. */
  readonly detail?: 'low' | 'high' | 'auto';
  /** Further fields of the body, as the vendor names them: `{enable_thinking: false}`. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
  /** Longest that one call may take, the body of its reply included. */
  readonly timeoutMs: number;
}

/** Any model that speaks OpenAI's chat completions: OpenAI, DashScope in compatible mode, vLLM, Ollama, gateways. */
export function openAiCompatibleModel(options: OpenAiCompatibleOptions): VisionModel {
  checkKey(options.apiKey);
  const client = new OpenAI({
    apiKey: options.apiKey,
    baseURL: options.baseUrl,
    maxRetries: 0,
    timeout: options.timeoutMs,
    fetch: vendorFetch(options.vendor ?? 'openai'),
    logLevel: 'off',
    // Otherwise read from the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
  });
  return {
    name: options.name,
    async ask(question, signal) {
      signal.throwIfAborted();
      const body = chatCompletionBody(options, question);
      try {
        const reply = await client.post<unknown>('/chat/completions', {
          body,
          headers: { 'content-type': 'application/json' },
          signal,
        });
        return readChatCompletion(reply);
      } catch (error) {
        signal.throwIfAborted();
        throw visionErrorOf(error);
      }
    },
  };
}

const tail = '"}}]}]}';

function chatCompletionBody(options: OpenAiCompatibleOptions, question: VisionQuestion): Buffer<ArrayBuffer> {
  const { messages: _, ...extraBody } = options.extraBody ?? {};
  const image = { ...(options.detail && { detail: options.detail }), url: 'data:image/jpeg;base64,' };
  const content = [
    { type: 'text', text: question.prompt },
    { type: 'image_url', image_url: image },
  ];
  const json = JSON.stringify({
    ...extraBody,
    model: options.name,
    [options.maxTokensField ?? 'max_tokens']: question.maxTokens,
    ...responseFormat(options, question),
    messages: [{ role: 'user', content }],
  });
  return bodyWithImage(json, tail, question.jpeg);
}

function responseFormat({ structuredOutput }: OpenAiCompatibleOptions, question: VisionQuestion) {
  if (structuredOutput === 'none' || question.form === 'code') return {};
  if (structuredOutput === 'json_object') return { response_format: { type: 'json_object' } };
  const properties = {
    category: { type: 'string', enum: question.categories },
    confidence: { type: 'number' },
    ...(question.form === 'described' && { description: { type: 'string' } }),
  };
  const schema = {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
  return { response_format: { type: 'json_schema', json_schema: { name: 'photo', strict: true, schema } } };
}

/** The client wraps what `vendorFetch` throws; nothing of the client's own words or fields is passed on. */
function visionErrorOf(error: unknown): VisionError {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof VisionError) return cause;
  if (error instanceof OpenAI.APIConnectionTimeoutError) return new VendorError({ network: 'timeout' });
  if (error instanceof SyntaxError) return new VendorError({ status: 200, unusable: 'not_json' });
  return new VisionError('internal');
}
