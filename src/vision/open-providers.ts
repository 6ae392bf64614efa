import type { Logger } from 'pino';
import { type CircuitBreaker, circuitBreaker } from '../resilience/circuit-breaker.ts';
import { openGate } from '../resilience/gate.ts';
import { anthropicModel } from './anthropic.ts';
import { fingerprintOf, keyRing } from './key-ring.ts';
import { openAiCompatibleModel } from './openai-compatible.ts';
import { presets } from './presets.ts';
import type { Price, PriceTable } from './price.ts';
import type { Account, Provider } from './provider.ts';
import type { Vendor } from './vendor-error.ts';
import type { VisionModel } from './vision-model.ts';

export interface ProviderOptions {
  readonly name: string;
  readonly vendor: Vendor;
  /** At least one. */
  readonly apiKeys: readonly string[];
  /** Another address than the vendor's own: a gateway, vLLM, Ollama. */
  readonly baseUrl: string | undefined;
  readonly model: string | undefined;
  readonly structuredOutput: 'json_schema' | 'json_object' | 'none' | undefined;
  /** Providers of one account share its limits and its circuit. */
  readonly account: string;
  readonly timeoutMs: number;
  /** Calls at once; found out where undefined. */
  readonly maxConcurrency: number | undefined;
  /** Calls a second; found out where undefined. */
  readonly maxRate: number | undefined;
  /** For a million tokens; the table's where undefined. */
  readonly priceInput: number | undefined;
  readonly priceOutput: number | undefined;
}

export interface OpenProvidersOptions {
  readonly providers: readonly ProviderOptions[];
  readonly maxWaiting: number;
  readonly costPerCall: number;
}

const startConcurrency = 8;
const maxConcurrency = 256;
/** The service must not find a vendor's recovery out much later than it happens, so cool-downs stay short. */
const circuit = { threshold: 5, baseMs: 1_000, capMs: 5_000 };

export function openProviders(
  { providers, maxWaiting, costPerCall }: OpenProvidersOptions,
  { prices, log }: { prices: PriceTable; log: Logger },
): Provider[] {
  const accounts = new Map<string, Account>();

  /** The limits of its first provider hold for an account. */
  function accountOf({ account: name, maxConcurrency: fixed, maxRate }: ProviderOptions): Account {
    const known = accounts.get(name);
    if (known) return known;
    const gate = openGate({
      concurrency: fixed ?? { start: startConcurrency, ceiling: maxConcurrency },
      perSecond: maxRate,
      maxWaiting,
      reserved: keptForSingles,
    });
    const account = { name, gate, breaker: watchedBreaker({ account: name }, () => gate.turnAway()) };
    accounts.set(name, account);
    return account;
  }

  /** Who waits for a place must not wait for a circuit that has opened. */
  function watchedBreaker(whose: object, turnAway: () => void): CircuitBreaker {
    return circuitBreaker({
      ...circuit,
      onChange(state) {
        log[state === 'open' ? 'warn' : 'info']({ ...whose, state }, 'vision circuit');
        if (state === 'open') turnAway();
      },
    });
  }

  return providers.map((options) => {
    const account = accountOf(options);
    const models = options.apiKeys.map((apiKey) => ({
      fingerprint: fingerprintOf(apiKey),
      model: modelOf(options, apiKey),
    }));
    const model = models[0]?.model.name ?? options.name;
    return {
      name: options.name,
      model,
      keys: keyRing(models),
      account,
      breaker: watchedBreaker({ provider: options.name }, () => account.gate.turnAway()),
      timeoutMs: options.timeoutMs,
      price: priceOf(options, prices.priceOf(model), costPerCall),
    };
  });
}

/** Places that albums leave free while single photos come: with all of them taken, one would wait for half a call. */
function keptForSingles(limit: number): number {
  return limit < 4 ? 0 : Math.ceil(limit / 8);
}

function priceOf(
  { priceInput, priceOutput }: ProviderOptions,
  listed: Price | undefined,
  costPerCall: number,
): Price | undefined {
  if (priceInput !== undefined || priceOutput !== undefined)
    return { input: priceInput ?? 0, output: priceOutput ?? 0 };
  return costPerCall > 0 ? { call: costPerCall } : listed;
}

function modelOf(options: ProviderOptions, apiKey: string): VisionModel {
  const { vendor, baseUrl, model, structuredOutput, timeoutMs } = options;
  const own = { apiKey, timeoutMs, ...(model !== undefined && { name: model }) };
  if (vendor === 'anthropic')
    return anthropicModel({ ...presets.anthropic, ...own, ...(baseUrl !== undefined && { baseUrl }) });
  const preset = presets[vendor];
  return openAiCompatibleModel({
    ...preset,
    ...(baseUrl !== undefined && { baseUrl, ...compatibleAt(vendor, baseUrl) }),
    ...own,
    ...(structuredOutput !== undefined && { structuredOutput }),
  });
}

/** What is merely compatible with OpenAI may not know schemas; DashScope's codes come from DashScope's hosts. */
function compatibleAt(vendor: 'openai' | 'dashscope', baseUrl: string) {
  if (vendor === 'dashscope') return {};
  const isDashscope = /(^|\.)aliyuncs\.com$/.test(new URL(baseUrl).hostname);
  return { ...presets.compatible, ...(isDashscope && { vendor: 'dashscope' as const }) };
}
