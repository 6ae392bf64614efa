import { pino } from 'pino';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.ts';
import { Limiter, type LimiterOptions } from '../../src/resilience/limiter.ts';
import { MovingAverage } from '../../src/resilience/moving-average.ts';
import { RetryBudget } from '../../src/resilience/retry-budget.ts';
import type { CallFailure } from '../../src/vision/calls/call-failure.ts';
import { fingerprintOf, keyRing } from '../../src/vision/calls/key-ring.ts';
import type { ProviderOptions } from '../../src/vision/calls/open-providers.ts';
import type { Provider } from '../../src/vision/calls/provider.ts';
import { openRefusalMemory, type RefusalMemory, type RefusalStore } from '../../src/vision/calls/refusals.ts';
import { type Ledger, openSpending } from '../../src/vision/calls/spending.ts';
import type { RequestRules } from '../../src/vision/catalogue/catalogue.ts';
import { plainRequest } from '../../src/vision/catalogue/target.ts';
import type { LlmOptions } from '../../src/vision/open-vision.ts';
import { promptOf } from '../../src/vision/prompt.ts';
import type { VisionClassifierOptions } from '../../src/vision/vision-classifier.ts';
import {
  type OpenAiCompatibleOptions,
  openAiCompatibleModel,
} from '../../src/vision/wire/openai-compatible.ts';
import { type RequestFields, requestFields } from '../../src/vision/wire/request-fields.ts';

export const taxonomy = readTaxonomy();
export const prompt = promptOf({ taxonomy, language: 'zh' });

/** Keeps sums in memory, as exact as a database. */
export function memoryLedger(): Ledger & { readonly sums: Map<string, number> } {
  const sums = new Map<string, number>();
  const spentIn = (period: string) => sums.get(period) ?? 0;
  return {
    sums,
    async reserveSpend(amountMicro, caps) {
      if (caps.some(({ period, capMicro }) => spentIn(period) + amountMicro > capMicro)) return false;
      for (const { period } of caps) sums.set(period, spentIn(period) + amountMicro);
      return true;
    },
    async addSpend(differenceMicro, periods) {
      for (const period of periods) sums.set(period, spentIn(period) + differenceMicro);
    },
  };
}

export function memoryRefusals(): RefusalStore & { readonly saved: string[]; forget(sha256: string): void } {
  const until = new Map<string, number>();
  return {
    saved: [],
    forget: (sha256) => void until.delete(sha256),
    findRefusal: async ({ sha256 }) => until.get(sha256),
    async saveRefusal(refusal) {
      this.saved.push(refusal.sha256);
      until.set(refusal.sha256, refusal.until);
    },
  };
}

export function refusalMemory(store: RefusalStore = memoryRefusals()): RefusalMemory {
  const fail = (error: unknown) => {
    throw error;
  };
  return openRefusalMemory({ store, version: 'v', ttlMs: 60_000, onFailure: fail });
}

export interface TestProvider extends Partial<Omit<Provider, 'keys' | 'account'>> {
  readonly baseUrl: string;
  readonly apiKeys?: readonly string[];
  readonly limits?: Partial<LimiterOptions>;
  readonly api?: Partial<OpenAiCompatibleOptions>;
  readonly rules?: Partial<RequestRules>;
}

/** What every server understands, unless a test says otherwise. */
export function plainFields(rules: Partial<RequestRules> = {}): RequestFields {
  return requestFields({ rules: { ...plainRequest, ...rules } });
}

/** A provider that speaks to a fake vendor, with generous limits. */
export function providerAt(options: TestProvider): Provider {
  const { baseUrl, apiKeys = ['sk-very-secret'], limits, api, rules, ...rest } = options;
  const timeoutMs = options.timeoutMs ?? 5_000;
  const model = options.model ?? 'fake-vision';
  const limiter = new Limiter({ concurrency: 8, maxWaiting: 100, ...limits });
  const breaker = options.breaker ?? calmBreaker();
  const keys = apiKeys.map((apiKey) => ({
    fingerprint: fingerprintOf(apiKey),
    model: openAiCompatibleModel({
      name: model,
      baseUrl,
      apiKey,
      fields: plainFields(rules),
      ...api,
    }),
  }));
  return {
    name: 'fake',
    model,
    keys: keyRing(keys),
    account: { name: 'fake', limiter, breakers: [breaker] },
    breaker,
    callTime: new MovingAverage(),
    timeoutMs,
    target: { vendor: 'openai', wire: 'openai', baseUrl, model, request: plainRequest },
    price: undefined,
    ...rest,
  };
}

/** Never opens by counting. */
function calmBreaker() {
  return new CircuitBreaker<CallFailure>({ threshold: 1_000, baseMs: 10, capMs: 10 });
}

/** Everything a vision classifier needs, without pauses worth mentioning. */
export function visionOptions(
  providers: readonly Provider[],
  options: Partial<VisionClassifierOptions> = {},
): VisionClassifierOptions {
  return {
    providers,
    taxonomy,
    prompt,
    maxTokens: 200,
    tries: 3,
    backoff: { baseMs: 2, capMs: 10 },
    retryBudget: new RetryBudget({ ratio: 0.1, floor: 1_000, windowMs: 10_000 }),
    spending: openSpending({
      ledger: memoryLedger(),
      dailyMicro: Number.POSITIVE_INFINITY,
      monthlyMicro: Number.POSITIVE_INFINITY,
      timeZone: 'UTC',
      onExhausted: () => {},
      onFailure: () => {},
    }),
    refusals: refusalMemory(),
    log: pino({ level: 'silent' }),
    ...options,
  };
}

/** As the configuration would say it, for one provider that speaks as OpenAI does. */
export function llmOptions(baseUrl: string, options: Partial<LlmOptions> = {}): LlmOptions {
  const provider: ProviderOptions = {
    name: 'fake',
    vendor: 'openai',
    apiKeys: ['sk-test'],
    baseUrl,
    model: 'fake-vision',
    structuredOutput: undefined,
    account: 'fake',
    timeoutMs: 5_000,
    maxConcurrency: undefined,
    maxRate: undefined,
    priceInput: 0.4,
    priceOutput: 1.6,
  };
  return {
    providers: [provider],
    maxTokens: 200,
    maxWaiting: 500,
    tries: 3,
    refusalMs: 60_000,
    albumMemoryBytes: 1_000_000,
    budget: { dailyMicro: Number.POSITIVE_INFINITY, monthlyMicro: Number.POSITIVE_INFINITY },
    priceFile: undefined,
    rates: {},
    imagePx: 512,
    costPerCall: 0,
    ...options,
  };
}
