import sharp from 'sharp';
import type { VendorName } from '../../src/vision/catalogue/catalogue.ts';
import { anthropicWire } from './fake-llm-anthropic.ts';
import type { FakeBehaviour, FakeError } from './fake-llm-behaviour.ts';
import { openAiWire } from './fake-llm-openai.ts';
import type { FakeRequest, FakeWire } from './fake-llm-wire.ts';

type Body = Readonly<Record<string, unknown>>;

/** What one vendor lets pass, and how it counts. */
export interface FakeVendor {
  readonly wire: FakeWire;
  /** Where it really is. */
  readonly baseUrl: string;
  /** Fields of the body that it takes; it refuses others. */
  readonly takes: readonly string[];
  /** Its words for a field that it does not take. */
  refusal(field: string): FakeError;
  /** A field that this model does not take. */
  refuses?(request: FakeRequest): string | undefined;
  /** Whether the model thinks about this request, for more tokens than any cap allows. */
  thinks(body: Body, model: string): boolean;
  /** What a picture counts as. */
  pictureTokens(widthPx: number, heightPx: number): number;
  /** Of its texts, where it counts more than others do. */
  readonly textFactor?: number;
  /** As `GET /models` lists them; undefined where there is no such list. */
  readonly listed: readonly object[] | undefined;
  /** The list goes on behind what it answers. */
  readonly isListCut?: boolean;
}

const standard = ['model', 'messages', 'stream', 'max_tokens', 'response_format'];
const patches = (px: number, width: number, height: number) => Math.ceil(width / px) * Math.ceil(height / px);
const rounded = (px: number, width: number, height: number) =>
  Math.round(width / px) * Math.round(height / px);
const qwenTokens = (width: number, height: number) => rounded(32, width, height) + 2;
const named = (...ids: string[]) =>
  ids.map((id) => ({ id, object: 'model', created: 1, owned_by: 'vendor' }));
const isDisabled = (thinking: unknown) => (thinking as { type?: unknown } | undefined)?.type === 'disabled';

function openAiError(message: string, param: string | null = null, code: string | null = null): FakeError {
  return { status: 400, body: { error: { message, type: 'invalid_request_error', param, code } } };
}

/** The facts behind it: what vendors document, and what people's logs show. */
export const fakeVendors: Readonly<Record<VendorName, FakeVendor>> = {
  openai: {
    wire: openAiWire,
    baseUrl: 'https://api.openai.com/v1',
    takes: [...standard, 'max_completion_tokens', 'reasoning_effort', 'service_tier'],
    refusal: (field) =>
      field === 'max_tokens'
        ? openAiError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            field,
            'unsupported_parameter',
          )
        : openAiError(`Unrecognized request argument supplied: ${field}`),
    refuses: ({ body, model }) => {
      if ('max_tokens' in body) return 'max_tokens';
      return model.startsWith('gpt-4') && 'reasoning_effort' in body ? 'reasoning_effort' : undefined;
    },
    thinks: ({ reasoning_effort: effort }, model) => !model.startsWith('gpt-4') && effort !== 'none',
    pictureTokens: (width, height) => Math.floor(1.2 * patches(32, width, height)),
    listed: [
      { id: 'gpt-6-luna', object: 'model', shutdown_date: null },
      { id: 'gpt-4.1-mini', object: 'model', shutdown_date: '2027-01-14' },
    ],
  },
  dashscope: {
    wire: openAiWire,
    baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    takes: [...standard, 'enable_thinking'],
    refusal: (field) => ({
      status: 400,
      body: {
        error: {
          code: 'invalid_parameter_error',
          param: null,
          message: `<400> InternalError.Algo.InvalidParameter: The parameter ${field} is not supported.`,
          type: 'invalid_request_error',
        },
        request_id: 'fake',
      },
    }),
    thinks: (body) => body.enable_thinking !== false,
    pictureTokens: qwenTokens,
    listed: named('qwen3.7-flash', 'qwen3.8-flash'),
  },
  anthropic: {
    wire: anthropicWire,
    baseUrl: 'https://api.anthropic.com/v1',
    takes: ['model', 'messages', 'stream', 'max_tokens', 'thinking', 'output_config'],
    refusal: (field) => ({
      status: 400,
      body: {
        type: 'error',
        error: { type: 'invalid_request_error', message: `${field}: Extra inputs are not permitted` },
      },
    }),
    thinks: ({ thinking, output_config: output, max_tokens: cap }) => {
      const isLow = (output as { effort?: unknown } | undefined)?.effort === 'low' && Number(cap) >= 1_000;
      return !isDisabled(thinking) && !isLow;
    },
    pictureTokens: (width, height) => patches(28, width, height),
    textFactor: 1.3,
    listed: [
      { type: 'model', id: 'claude-haiku-5-5', display_name: 'Claude Haiku 5.5' },
      { type: 'model', id: 'claude-haiku-4-5-20251001', display_name: 'Claude Haiku 4.5' },
    ],
  },
  gemini: {
    wire: openAiWire,
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    takes: [...standard, 'reasoning_effort'],
    // A list, of one error.
    refusal: (field) => {
      const message = `Invalid JSON payload received. Unknown name "${field}": Cannot find field.`;
      return { status: 400, body: [{ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }] };
    },
    thinks: ({ reasoning_effort: effort }) => effort !== 'minimal',
    pictureTokens: () => 560,
    listed: named('models/gemini-3.5-flash-lite'),
  },
  mistral: {
    wire: openAiWire,
    baseUrl: 'https://api.mistral.ai/v1',
    takes: [...standard, 'reasoning_effort'],
    refusal: (field) => {
      const problem = {
        type: 'extra_forbidden',
        loc: ['body', field],
        msg: 'Extra inputs are not permitted',
      };
      const message = { detail: [problem] };
      return { status: 422, body: { object: 'error', message, type: 'invalid_request_error', code: null } };
    },
    thinks: () => false,
    pictureTokens: (width, height) => patches(28, width, height),
    listed: named('ministral-3b-2512'),
  },
  zhipu: {
    wire: openAiWire,
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
    takes: [...standard, 'thinking'],
    refusal: (field) => ({ status: 400, body: { error: { code: '1210', message: `参数有误: ${field}.` } } }),
    thinks: ({ thinking }) => !isDisabled(thinking),
    pictureTokens: () => 400,
    listed: named('glm-4.6v-flashx'),
  },
  doubao: {
    wire: openAiWire,
    baseUrl: 'https://ark.cn-beijing.volces.com/api/v3',
    takes: [...standard, 'thinking', 'reasoning_effort'],
    refusal: (field) => ({
      status: 400,
      body: {
        error: {
          code: 'InvalidParameter',
          message: `The parameter \`${field}\` specified in the request are not valid.`,
          param: field,
          type: 'BadRequest',
        },
      },
    }),
    thinks: ({ thinking, reasoning_effort: effort }) => !isDisabled(thinking) && effort !== 'minimal',
    pictureTokens: () => 400,
    listed: undefined,
  },
  siliconflow: {
    wire: openAiWire,
    baseUrl: 'https://api.siliconflow.cn/v1',
    takes: [...standard, 'enable_thinking'],
    refusal: (field) => ({
      status: 400,
      body: {
        code: 20015,
        message: `Value error, current model does not support parameter \`${field}\`.`,
        data: null,
      },
    }),
    refuses: ({ model, body }) =>
      model.endsWith('Instruct') && 'enable_thinking' in body ? 'enable_thinking' : undefined,
    thinks: (body, model) => !model.endsWith('Instruct') && body.enable_thinking !== false,
    pictureTokens: qwenTokens,
    listed: named('Qwen/Qwen3-VL-8B-Instruct'),
  },
  openrouter: {
    wire: openAiWire,
    baseUrl: 'https://openrouter.ai/api/v1',
    takes: [...standard, 'reasoning'],
    refusal: (field) => ({
      status: 400,
      body: { error: { code: 400, message: `Unknown field "${field}"` } },
    }),
    thinks: ({ reasoning }) => (reasoning as { enabled?: unknown } | undefined)?.enabled !== false,
    pictureTokens: qwenTokens,
    listed: [{ id: 'qwen/qwen3.7-flash', expiration_date: null }],
  },
  ollama: {
    wire: openAiWire,
    baseUrl: 'http://localhost:11434/v1',
    takes: [...standard, 'reasoning_effort'],
    refusal: (field) => openAiError(`json: unknown field "${field}"`),
    thinks: ({ reasoning_effort: effort }) => effort !== 'none',
    pictureTokens: qwenTokens,
    listed: named('qwen3-vl:8b', 'moondream:latest'),
  },
  vllm: {
    wire: openAiWire,
    baseUrl: 'http://gpu:8000/v1',
    takes: [...standard, 'max_completion_tokens', 'chat_template_kwargs'],
    refusal: (field) => openAiError(`[{'type': 'extra_forbidden', 'loc': ('body', '${field}')}]`),
    thinks: ({ chat_template_kwargs: template }) =>
      (template as { enable_thinking?: unknown } | undefined)?.enable_thinking !== false,
    pictureTokens: qwenTokens,
    listed: named('Qwen/Qwen3-VL-4B-Instruct'),
  },
};

const promptTokens = 250;
const replyTokens = 30;

/** What this vendor makes of a request that is sound, where it would answer as `answer` says. */
export async function underRules(
  vendor: FakeVendor,
  request: FakeRequest,
  answer: FakeBehaviour,
): Promise<FakeBehaviour> {
  const { body, model, jpeg, maxTokens } = request;
  const refused =
    Object.keys(body).find((field) => !vendor.takes.includes(field)) ?? vendor.refuses?.(request);
  if (refused !== undefined) return vendor.refusal(refused);
  if (!('content' in answer)) return answer;
  const { width, height } = await sharp(jpeg).metadata();
  const factor = vendor.textFactor ?? 1;
  const inputTokens = Math.round(promptTokens * factor) + vendor.pictureTokens(width, height);
  if (vendor.thinks(body, model) && maxTokens !== undefined)
    return { content: null, finishReason: 'length', usage: { inputTokens, outputTokens: maxTokens } };
  return { ...answer, usage: { inputTokens, outputTokens: Math.round(replyTokens * factor) } };
}
