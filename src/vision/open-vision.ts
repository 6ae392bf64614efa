import type { Logger } from 'pino';
import type { Classifier } from '../classify/classifier.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { concurrencyLimit } from '../resilience/concurrency-limit.ts';
import { openAiCompatibleModel } from './openai-compatible.ts';
import { presets } from './presets.ts';
import type { VisionPrompt } from './prompt.ts';
import type { VisionHooks } from './vision-call.ts';
import { visionClassifier } from './vision-classifier.ts';

export interface LlmOptions {
  readonly provider: 'openai' | 'dashscope';
  readonly apiKey: string;
  /** Another address than the vendor's own: a gateway, vLLM, Ollama. */
  readonly baseUrl: string | undefined;
  readonly model: string | undefined;
  readonly maxTokens: number;
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly structuredOutput: 'json_schema' | 'json_object' | 'none' | undefined;
}

export interface VisionParts {
  readonly taxonomy: Taxonomy;
  readonly prompt: VisionPrompt;
  readonly log: Logger;
  readonly hooks: VisionHooks;
}

const maxWaiting = 500;

/** The vision LLM that the configuration names, ready to be asked. */
export function openVision(llm: LlmOptions, parts: VisionParts): { classifier: Classifier; name: string } {
  const preset = presets[llm.provider];
  const model = openAiCompatibleModel({
    ...preset,
    ...(llm.baseUrl !== undefined && { ...presets.compatible, baseUrl: llm.baseUrl }),
    ...(llm.model !== undefined && { name: llm.model }),
    ...(llm.structuredOutput !== undefined && { structuredOutput: llm.structuredOutput }),
    apiKey: llm.apiKey,
    timeoutMs: llm.timeoutMs,
  });
  const classifier = visionClassifier({
    ...parts,
    model,
    maxTokens: llm.maxTokens,
    timeoutMs: llm.timeoutMs,
    finishSent: true,
    limit: concurrencyLimit({ max: llm.maxConcurrency, maxWaiting }),
  });
  return { classifier, name: model.name };
}
