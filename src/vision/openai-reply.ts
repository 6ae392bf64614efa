import { VendorError, type VendorErrorBody, vendorErrorBody } from './vendor-error.ts';
import type { TokenUsage, VisionReply } from './vision-model.ts';

/** As much of a chat completion as is looked at; nothing of it is certain. */
interface ChatCompletion {
  choices?: { finish_reason?: unknown; message?: { content?: unknown; refusal?: unknown } | null }[];
  usage?: {
    prompt_tokens?: unknown;
    completion_tokens?: unknown;
    prompt_tokens_details?: { cached_tokens?: unknown } | null;
  } | null;
  error?: unknown;
}

/**
 * The words of a chat completion, https://platform.openai.com/docs/api-reference/chat/object.
 * @throws VendorError it was refused, cut, or holds no words
 */
export function readChatCompletion(reply: unknown): VisionReply {
  if (typeof reply !== 'object' || reply === null) throw unusable('not_json');
  const { choices, usage: counted, error } = reply as ChatCompletion;
  // Gateways report an upstream's failure this way.
  if (error) throw upstreamFailure(vendorErrorBody(JSON.stringify({ error })));
  const usage = tokenUsage(counted);
  const choice = Array.isArray(choices) ? choices[0] : undefined;
  const { content, refusal } = choice?.message ?? {};
  if (choice?.finish_reason === 'content_filter') throw unusable('content_filter', usage);
  if (typeof refusal === 'string' && refusal !== '') throw unusable('refusal', usage);
  if (choice?.finish_reason === 'length') throw unusable('length', usage);
  if (typeof content !== 'string' || content.trim() === '') throw unusable('empty', usage);
  return { text: content, ...(usage && { usage }) };
}

/** A gateway's word for what its upstream answered: its `code` is that answer's status, where it is a number. */
function upstreamFailure(error: VendorErrorBody): VendorError {
  const code = Number(error.code);
  return new VendorError({ status: code >= 400 && code <= 599 ? code : 502, error });
}

function unusable(
  why: 'refusal' | 'content_filter' | 'length' | 'empty' | 'not_json',
  usage?: TokenUsage,
): VendorError {
  return new VendorError({ status: 200, unusable: why, ...(usage && { usage }) });
}

function tokenUsage(usage: ChatCompletion['usage']): TokenUsage | undefined {
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage ?? {};
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined;
  const cached = usage?.prompt_tokens_details?.cached_tokens;
  const isCached = isCount(cached) && cached > 0 && cached <= inputTokens;
  return { inputTokens, outputTokens, ...(isCached && { cachedInputTokens: cached }) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
