import { VisionError } from '../errors.ts';
import { bodyWithImage } from './image-body.ts';
import type { RequestFields } from './request-fields.ts';
import { VendorError } from './vendor-error.ts';
import { checkKey, vendorFetch } from './vendor-fetch.ts';
import type { TokenUsage, VisionModel, VisionQuestion, VisionReply } from './vision-model.ts';

export interface AnthropicOptions {
  /** The vendor's name of the model. */
  readonly name: string;
  /** Up to and without `/messages`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Shared by all keys of a provider. */
  readonly fields: RequestFields;
  /** Longest that one call may take, the body of its reply included. */
  readonly timeoutMs: number;
}

const fetchReply = vendorFetch('anthropic');

/** Claude, https://docs.anthropic.com/en/api/messages. The wire format is two headers and one body: no SDK is needed. */
export function anthropicModel({ name, baseUrl, apiKey, fields, timeoutMs }: AnthropicOptions): VisionModel {
  checkKey(apiKey);
  const headers = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    'anthropic-version': '2023-06-01',
  };
  return {
    name,
    async ask(question, signal) {
      signal.throwIfAborted();
      const limit = AbortSignal.timeout(timeoutMs);
      const own = { model: name, maxTokens: question.maxTokens };
      try {
        return await fields.send(own, async (sent) => {
          const body = messageBody(sent, question);
          const request = { method: 'POST', headers, body, signal: AbortSignal.any([signal, limit]) };
          const response = await fetchReply(`${baseUrl}/messages`, request);
          return { ...readMessage(await jsonOf(response)), headers: response.headers };
        });
      } catch (error) {
        signal.throwIfAborted();
        if (limit.aborted) throw new VendorError({ vendor: 'anthropic', network: 'timeout' });
        throw error instanceof VisionError ? error : new VisionError('internal');
      }
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

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new VendorError({ vendor: 'anthropic', status: 200, unusable: 'not_json' });
  }
}

/** As much of a message as is looked at; nothing of it is certain. */
interface Message {
  content?: { type?: unknown; text?: unknown }[];
  stop_reason?: unknown;
  usage?: { input_tokens?: unknown; output_tokens?: unknown; cache_read_input_tokens?: unknown } | null;
}

function readMessage(reply: unknown): VisionReply {
  if (typeof reply !== 'object' || reply === null) throw unusable('not_json');
  const { content, stop_reason: stopReason, usage: counted } = reply as Message;
  const usage = tokenUsage(counted);
  if (stopReason === 'refusal') throw unusable('refusal', usage);
  if (stopReason === 'max_tokens') throw unusable('length', usage);
  const texts = Array.isArray(content) ? content.filter((block) => block?.type === 'text') : [];
  const text = texts.map((block) => (typeof block.text === 'string' ? block.text : '')).join('');
  if (text.trim() === '') throw unusable('empty', usage);
  return { text, ...(usage && { usage }) };
}

function unusable(why: 'refusal' | 'length' | 'empty' | 'not_json', usage?: TokenUsage): VendorError {
  return new VendorError({ vendor: 'anthropic', status: 200, unusable: why, ...(usage && { usage }) });
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
