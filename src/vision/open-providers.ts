import type { Logger } from 'pino';
import { type CircuitBreaker, circuitBreaker } from '../resilience/circuit-breaker.ts';
import { openGate } from '../resilience/gate.ts';
import { anthropicModel } from './anthropic.ts';
import type { Catalogue, VendorName } from './catalogue/catalogue.ts';
import { type Target, targetOf } from './catalogue/target.ts';
import { fingerprintOf, keyRing } from './key-ring.ts';
import { openAiCompatibleModel } from './openai-compatible.ts';
import { convertedPrice, type Price, typicalUsage } from './price.ts';
import type { Account, Provider } from './provider.ts';
import { requestFields } from './request-fields.ts';
import type { VisionModel } from './vision-model.ts';

export interface ProviderOptions {
  readonly name: string;
  readonly vendor: VendorName;
  /** At least one. */
  readonly apiKeys: readonly string[];
  /** Another address than the vendor's own: a gateway, vLLM, Ollama. */
  readonly baseUrl: string | undefined;
  readonly model: string | undefined;
  readonly structuredOutput: 'json_schema' | 'json_object' | 'none' | undefined;
  /** Merged into every request; null takes a field out. */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined;
  /** Providers of one account share its limits and its circuit. */
  readonly account: string;
  readonly timeoutMs: number;
  /** Calls at once; found out where undefined. */
  readonly maxConcurrency: number | undefined;
  /** Calls a second; found out where undefined. */
  readonly maxRate: number | undefined;
  /** For a million tokens, in the currency of all sums; the catalogue's where undefined. */
  readonly priceInput: number | undefined;
  readonly priceOutput: number | undefined;
}

export interface OpenProvidersOptions {
  readonly providers: readonly ProviderOptions[];
  readonly maxWaiting: number;
  /** In the currency of all sums. */
  readonly costPerCall: number;
  /** By currency: what one unit of it is in that of the sums. */
  readonly rates: Readonly<Record<string, number | undefined>>;
  /** Long edge of the photos that are sent. */
  readonly imagePx: number;
}

const startConcurrency = 8;
const maxConcurrency = 256;
/** The service must not find a vendor's recovery out much later than it happens, so cool-downs stay short. */
const circuit = { threshold: 5, baseMs: 1_000, capMs: 5_000 };

/**
 * The providers, and the currency of their prices: that of the first one that is paid.
 * @throws Error a provider has no address, or is paid in a currency of which no rate is known
 */
export function openProviders(
  options: OpenProvidersOptions,
  { catalogue, log }: { catalogue: Catalogue; log: Logger },
): { readonly providers: readonly Provider[]; readonly currency: string } {
  const { maxWaiting } = options;
  const targets = options.providers.map((provider) => ({ provider, target: targetOf(catalogue, provider) }));
  const currency = currencyOf(targets, options.costPerCall > 0);
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

  function open({ provider, target }: (typeof targets)[number]): Provider {
    const { name, extraBody, structuredOutput, timeoutMs } = provider;
    const account = accountOf(provider);
    const fields = requestFields({
      rules: { ...target.request, ...(structuredOutput !== undefined && { structuredOutput }) },
      extraBody,
      onRefused: (field) =>
        log.warn({ provider: name, field }, 'the vendor does not take a field; it is left out from now on'),
    });
    const keys = provider.apiKeys.map((apiKey) => ({
      fingerprint: fingerprintOf(apiKey),
      model: modelOf(target, { apiKey, timeoutMs, fields }),
    }));
    return {
      name,
      model: target.model,
      keys: keyRing(keys),
      account,
      breaker: watchedBreaker({ provider: name }, () => account.gate.turnAway()),
      timeoutMs,
      target,
      price: priceOf(provider, target, { ...options, currency }),
    };
  }

  return { providers: targets.map(open), currency };
}

/** Places that albums leave free while single photos come: with all of them taken, one would wait for half a call. */
function keptForSingles(limit: number): number {
  return limit < 4 ? 0 : Math.ceil(limit / 8);
}

/** The first provider's that is paid. Prices that the operator sets for a host that nobody knows are in USD. */
function currencyOf(
  targets: readonly { readonly provider: ProviderOptions; readonly target: Target }[],
  isPaidByCall: boolean,
): string {
  for (const { provider, target } of targets) {
    const isPriced = provider.priceInput !== undefined || provider.priceOutput !== undefined;
    if (target.currency !== undefined) return target.currency;
    if (isPriced || isPaidByCall) break;
  }
  return 'USD';
}

interface Money extends Pick<OpenProvidersOptions, 'costPerCall' | 'rates' | 'imagePx'> {
  readonly currency: string;
}

function priceOf(
  { priceInput, priceOutput, extraBody }: ProviderOptions,
  target: Target,
  { costPerCall, rates, imagePx, currency }: Money,
): Price | undefined {
  const typical = typicalUsage(target.imageTokens, imagePx);
  if (priceInput !== undefined || priceOutput !== undefined)
    return { input: priceInput ?? 0, output: priceOutput ?? 0, typical };
  if (costPerCall > 0) return { call: costPerCall };
  const listed = extraBody?.service_tier === 'flex' ? (target.price?.flex ?? target.price) : target.price;
  return listed && { ...convertedPrice(listed, { from: target.currency, to: currency, rates }), typical };
}

function modelOf(
  { wire, vendor, baseUrl, model: name }: Target,
  own: Pick<Parameters<typeof anthropicModel>[0], 'apiKey' | 'timeoutMs' | 'fields'>,
): VisionModel {
  if (wire === 'anthropic') return anthropicModel({ name, baseUrl, ...own });
  return openAiCompatibleModel({ name, baseUrl, vendor, ...own });
}
