import OpenAI from 'openai';
import { VisionError } from '../errors.ts';
import { bodyWithImage } from './image-body.ts';
import { readChatCompletion } from './openai-reply.ts';
import type { RequestFields } from './request-fields.ts';
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
  readonly vendor?: Vendor;
  /** Shared by all keys of a provider. */
  readonly fields: RequestFields;
  /** Longest that one call may take, the body of its reply included. */
  readonly timeoutMs: number;
}

/** Any model that speaks OpenAI's chat completions. */
export function openAiCompatibleModel(options: OpenAiCompatibleOptions): VisionModel {
  const { name, fields } = options;
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
    name,
    async ask(question, signal) {
      signal.throwIfAborted();
      const more = responseFormat(fields, question);
      return fields.send({ model: name, maxTokens: question.maxTokens, more }, async (sent) => {
        try {
          const body = chatCompletionBody(sent, fields, question);
          const request = { body, headers: { 'content-type': 'application/json' }, signal };
          const { data, response } = await client.post<unknown>('/chat/completions', request).withResponse();
          return { ...readChatCompletion(data), headers: response.headers };
        } catch (error) {
          signal.throwIfAborted();
          throw visionErrorOf(error);
        }
      });
    },
  };
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
