import { bodyWithImage } from './image-body.ts';
import { readChatCompletion } from './openai-reply.ts';
import { jsonIn } from './reply-json.ts';
import type { RequestFields } from './request-fields.ts';
import type { Vendor } from './vendor-error.ts';
import { checkKey, vendorPost } from './vendor-post.ts';
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

/** Any model that speaks OpenAI's chat completions, https://platform.openai.com/docs/api-reference/chat. */
export function openAiCompatibleModel(options: OpenAiCompatibleOptions): VisionModel {
  const { name, baseUrl, apiKey, fields, timeoutMs, vendor = 'openai' } = options;
  checkKey(apiKey);
  const headers = { authorization: `Bearer ${apiKey}` };
  const post = vendorPost({ vendor, url: `${baseUrl}/chat/completions`, headers, timeoutMs });
  return {
    name,
    ask(question, signal) {
      const more = responseFormat(fields, question);
      return fields.send({ model: name, maxTokens: question.maxTokens, more }, async (sent) => {
        const { text, headers } = await post(chatCompletionBody(sent, fields, question), signal);
        return { ...readChatCompletion(jsonIn(text), vendor), headers };
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
