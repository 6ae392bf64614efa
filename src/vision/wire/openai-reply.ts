import { errorIn, isEmpty } from './error-body.ts';
import { type Unusable, unusableReply, type Vendor, VendorError } from './vendor-error.ts';
import type { TokenUsage, VisionReply } from './vision-model.ts';

interface Message {
  content?: unknown;
  refusal?: unknown;
  reasoning_content?: unknown;
  reasoning?: unknown;
}

interface Choice {
  finish_reason?: unknown;
  message?: Message | null;
  /** In place of a message, where a server streams without being asked to. */
  delta?: Message | null;
  error?: unknown;
}

/** As much of a chat completion, or of a piece of one, as is looked at; every field may be missing. */
interface ChatCompletion {
  choices?: (Choice | null)[];
  usage?: {
    prompt_tokens?: unknown;
    completion_tokens?: unknown;
    prompt_tokens_details?: { cached_tokens?: unknown } | null;
  } | null;
  error?: unknown;
}

/** `content_filter`, and Gemini's `SAFETY`, `PROHIBITED_CONTENT`, `BLOCKLIST`, `SPII`, `RECITATION`. */
const filtered = /filter|safety|prohibited|blocklist|spii|recitation|sensitive|refus|moderation|guardrail/i;
const cut = /^(length|max_?tokens)$/i;

/**
 * The words of a chat completion, https://platform.openai.com/docs/api-reference/chat/object.
 * @param values what the body holds: one completion, or pieces of one
 * @throws VendorError it was refused, cut, or holds no words
 */
export function readChatCompletion(values: readonly unknown[], vendor: Vendor): VisionReply {
  const pieces = values.filter(
    (value): value is ChatCompletion => typeof value === 'object' && value !== null,
  );
  if (pieces.length === 0) throw unusableReply('not_json');
  const usage = tokenUsage(pieces.findLast((piece) => piece.usage)?.usage);
  const choices = pieces.flatMap(({ choices: all }) => (Array.isArray(all) ? (all[0] ?? []) : []));
  const errors = [...pieces, ...choices].flatMap(({ error }) => error ?? []);
  // Gateways report an upstream's failure with status 200, some in place of the completion.
  const error = errorIn(choices.length > 0 ? errors : pieces);
  if (!isEmpty(error)) throw new VendorError({ vendor, status: 200, error });

  const whole = choices.flatMap(({ message }) => message ?? []);
  const messages = whole.length > 0 ? whole : choices.flatMap(({ delta }) => delta ?? []);
  const text = messages.map(({ content }) => textOf(content)).join('');
  const why = unusableFor(choices, messages, text);
  if (why) throw unusableReply(why, usage);
  return { text, ...(usage && { usage }) };
}

function unusableFor(choices: Choice[], messages: Message[], text: string): Unusable | undefined {
  const endings = choices.map(({ finish_reason: reason }) => String(reason ?? ''));
  if (endings.some((ending) => filtered.test(ending))) return 'content_filter';
  if (messages.some(({ content, refusal }) => textOf(refusal) !== '' || isRefusal(content))) return 'refusal';
  if (endings.some((ending) => cut.test(ending))) return 'cut_at_token_limit';
  if (text.trim() !== '') return undefined;
  const isReasoned = messages.some(
    (message) =>
      textOf(message.reasoning_content ?? message.reasoning) !== '' || Array.isArray(message.content),
  );
  return isReasoned ? 'only_reasoning' : 'no_text';
}

interface Part {
  type?: unknown;
  text?: unknown;
}

/** A text, or a list of parts, of which thoughts are none of the answer. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return partsOf(content)
    .filter(({ type, text }) => typeof text === 'string' && !/think|reason/.test(String(type ?? '')))
    .map(({ text }) => text)
    .join('');
}

function isRefusal(content: unknown): boolean {
  return partsOf(content).some(({ type }) => type === 'refusal');
}

function partsOf(content: unknown): Part[] {
  return [content]
    .flat()
    .flatMap((part): Part[] =>
      typeof part === 'string' ? [{ text: part }] : typeof part === 'object' && part !== null ? [part] : [],
    );
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
