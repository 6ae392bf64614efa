import { endpointOf } from '../catalogue/target.ts';
import { errorIn, isEmpty } from './error-body.ts';
import { bodyWithImage } from './image-body.ts';
import { textOf } from './openai-reply.ts';
import { jsonIn } from './reply-json.ts';
import type { RequestFields } from './request-fields.ts';
import { unusableReply, VendorError } from './vendor-error.ts';
import { checkKey, vendorPost } from './vendor-post.ts';
import type { TokenUsage, VisionModel, VisionQuestion, VisionReply } from './vision-model.ts';

export interface AnthropicOptions {
  /** The vendor's name of the model. */
  readonly name: string;
  /** Up to and without `/messages`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Shared by all keys of a provider. */
  readonly fields: RequestFields;
}

/** Claude, https://docs.anthropic.com/en/api/messages. */
export function anthropicModel({ name, baseUrl, apiKey, fields }: AnthropicOptions): VisionModel {
  checkKey(apiKey);
  const headers = { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' };
  const post = vendorPost({ vendor: 'anthropic', url: endpointOf(baseUrl, 'messages'), headers });
  return {
    name,
    ask(question, signal, traceparent) {
      const own = { model: name, maxTokens: question.maxTokens };
      return fields.send(own, async (sent) => {
        const { text, headers } = await post(messageBody(sent, question), signal, traceparent);
        return { ...readMessage(jsonIn(text)[0]), headers };
      });
    },
  };
}

/** The photo's text is the last thing in it. */
function messageBody(
  sent: Readonly<Record<string, unknown>>,
  { prompt, jpeg }: VisionQuestion,
): Buffer<ArrayBuffer> {
  const source = { type: 'base64', media_type: 'image/jpeg', data: '' };
  const content = [
    { type: 'text', text: prompt },
    { type: 'image', source },
  ];
  const { messages: _, ...fields } = sent;
  return bodyWithImage(JSON.stringify({ ...fields, messages: [{ role: 'user', content }] }), '"}}]}]}', jpeg);
}

/** As much of a message as is looked at; every field may be missing. */
interface Message {
  content?: unknown;
  stop_reason?: unknown;
  usage?: { input_tokens?: unknown; output_tokens?: unknown; cache_read_input_tokens?: unknown } | null;
  error?: unknown;
}

function readMessage(reply: unknown): VisionReply {
  if (typeof reply !== 'object' || reply === null) throw unusableReply('not_json');
  const { content, stop_reason: stopReason, usage: counted, error: said } = reply as Message;
  const error = errorIn(said);
  if (!isEmpty(error)) throw new VendorError({ vendor: 'anthropic', status: 200, error });
  const usage = tokenUsage(counted);
  if (stopReason === 'refusal') throw unusableReply('refusal', usage);
  if (stopReason === 'max_tokens') throw unusableReply('cut_at_token_limit', usage);
  const text = textOf(content);
  if (text.trim() === '') throw unusableReply('no_text', usage);
  return { text, ...(usage && { usage }) };
}

function tokenUsage(usage: Message['usage']): TokenUsage | undefined {
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  const {
    input_tokens: freshTokens,
    output_tokens: outputTokens,
    cache_read_input_tokens: cached,
  } = usage ?? {};
  if (!isCount(freshTokens) || !isCount(outputTokens)) return undefined;
  if (!isCount(cached) || cached === 0) return { inputTokens: freshTokens, outputTokens };
  return { inputTokens: freshTokens + cached, cachedInputTokens: cached, outputTokens };
}
