import type { AnthropicOptions } from './anthropic.ts';
import type { OpenAiCompatibleOptions } from './openai-compatible.ts';

/** How a vendor wants to be spoken to, and the model to begin with. */
export type OpenAiCompatiblePreset = Omit<OpenAiCompatibleOptions, 'apiKey' | 'timeoutMs'>;

/** https://platform.openai.com/docs/api-reference/chat and /docs/guides/images-vision */
const openai: OpenAiCompatiblePreset = {
  name: 'gpt-4.1-mini',
  baseUrl: 'https://api.openai.com/v1',
  structuredOutput: 'json_schema',
  maxTokensField: 'max_completion_tokens',
  // The photo is no larger than what `low` looks at; `auto` may cost fifty times as much.
  detail: 'low',
};

/**
 * Alibaba Cloud Model Studio in compatible mode. Its keys belong to one of two sites: the international one is
 * `https://dashscope-intl.aliyuncs.com/compatible-mode/v1`.
 */
const dashscope: OpenAiCompatiblePreset = {
  name: 'qwen3-vl-flash',
  vendor: 'dashscope',
  baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
  structuredOutput: 'json_object',
  // Newer models think by default, for seconds and at the price of an answer many times as long.
  extraBody: { enable_thinking: false },
};

/** vLLM, Ollama, gateways: nothing is sent that only some of them understand. */
const compatible: Omit<OpenAiCompatiblePreset, 'name' | 'baseUrl'> = { structuredOutput: 'none' };

/** https://docs.anthropic.com/en/docs/build-with-claude/vision */
const anthropic: Pick<AnthropicOptions, 'name' | 'baseUrl'> = {
  name: 'claude-haiku-4-5',
  baseUrl: 'https://api.anthropic.com/v1',
};

export const presets = { openai, dashscope, compatible, anthropic };
