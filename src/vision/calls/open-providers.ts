import type { Logger } from 'pino';
import { CircuitBreaker } from '../../resilience/circuit-breaker.ts';
import { Limiter, type LimiterState } from '../../resilience/limiter.ts';
import { MovingAverage } from '../../resilience/moving-average.ts';
import type { Catalogue, VendorName } from '../catalogue/catalogue.ts';
import { type Target, targetOf } from '../catalogue/target.ts';
import { anthropicModel } from '../wire/anthropic.ts';
import { openAiCompatibleModel } from '../wire/openai-compatible.ts';
import { requestFields } from '../wire/request-fields.ts';
import type { VisionModel } from '../wire/vision-model.ts';
import { type CallFailure, failureWords } from './call-failure.ts';
import type { VisionHooks } from './call-report.ts';
import { type FailurePolicy, policyOf } from './failure-policy.ts';
import { fingerprintOf, keyRing } from './key-ring.ts';
import { convertedPrice, type Price, typicalUsage } from './price.ts';
import type { Account, Provider } from './provider.ts';

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
  /** `album`: only for photos that may wait; its calls may take as long as their time limit. */
  readonly lane?: 'album' | undefined;
  /** Providers of one account and lane share limits and circuit. */
  readonly account: string;
  readonly timeoutMs: number;
  /** Most calls at once; found out where undefined. */
  readonly maxConcurrency: number | undefined;
  /** Calls a second; any number where undefined. */
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

/** Few enough that a vendor with a low limit rejects little; twice as many after each round trip. */
const startConcurrency = 4;
const maxConcurrency = 256;
/** Cool-downs stay short, so that the service notices a vendor's recovery soon. */
const circuit = { threshold: 5, baseMs: 1_000, capMs: 4_000 };
/** After that a probe counts as failed: as a multiple of what a call usually takes, or where that is not known. */
const probeLimit = { times: 1.5, unknownMs: 2_000 };
const waitLogMs = 60_000;

/**
 * The providers, and the currency of their prices: that of the first one that is paid.
 * @throws Error a provider has no address, or is paid in a currency of which no rate is known
 */
export function openProviders(
  options: OpenProvidersOptions,
  { catalogue, log, onAlert }: { catalogue: Catalogue; log: Logger; onAlert?: VisionHooks['onAlert'] },
): { readonly providers: readonly Provider[]; readonly currency: string } {
  const { maxWaiting } = options;
  const targets = options.providers.map((provider) => ({ provider, target: targetOf(catalogue, provider) }));
  const currency = currencyOf(targets, options.costPerCall > 0);
  const accounts = new Map<string, Account & { readonly breakers: CircuitBreaker<CallFailure>[] }>();

  /** The limits of its first provider hold for an account; those for the album lane have limits of their own. */
  function accountOf({ account: own, lane, maxConcurrency: most, maxRate }: ProviderOptions) {
    // Slow calls must not take the places of calls that can't wait.
    const name = lane === undefined ? own : `${own}/${lane}`;
    const known = accounts.get(name);
    if (known) return known;
    const limiter = new Limiter({
      concurrency: most ?? { start: startConcurrency, ceiling: maxConcurrency },
      perSecond: maxRate,
      maxWaiting,
      reserved: reservedForSingles,
      onWait: waitLog(name, log),
    });
    const account = { name, limiter, breakers: [] };
    accounts.set(name, account);
    return account;
  }

  function breakerOf(
    { name: provider, lane, timeoutMs }: ProviderOptions,
    account: Account,
    callTime: MovingAverage,
  ) {
    const usualLimitMs = () =>
      callTime.ms === undefined ? probeLimit.unknownMs : callTime.ms * probeLimit.times;
    return new CircuitBreaker<CallFailure>({
      ...circuit,
      probeLimitMs: lane === 'album' ? () => timeoutMs : usualLimitMs,
      onChange(state, previous, cause) {
        // A request that waits for a permit must not wait for the circuit.
        if (state === 'open') account.limiter.reset();
        if (state === 'closed') log.info({ provider }, 'LLM circuit closed');
        else if (previous !== 'closed') log.debug({ provider, state, ...cause }, 'LLM circuit');
        else if (cause) reportOpening(provider, cause);
      },
    });
  }

  /** Once an outage, as an alert unless the call itself is one. */
  function reportOpening(provider: string, cause: CallFailure): void {
    const { alert: isReported }: FailurePolicy = policyOf(cause.class);
    log[isReported ? 'warn' : 'error']({ provider, ...cause }, `LLM circuit opened: ${failureWords(cause)}`);
    if (!isReported) onAlert?.({ provider, reason: cause.class });
  }

  function open({ provider, target }: (typeof targets)[number]): Provider {
    const { name, extraBody, structuredOutput, timeoutMs, lane } = provider;
    const account = accountOf(provider);
    const fields = requestFields({
      rules: { ...target.request, ...(structuredOutput !== undefined && { structuredOutput }) },
      extraBody,
      onRejected: (field) =>
        log.warn({ provider: name, field }, 'the vendor does not take a field; it is left out from now on'),
    });
    const keys = provider.apiKeys.map((apiKey) => ({
      fingerprint: fingerprintOf(apiKey),
      model: modelOf(target, { apiKey, fields }),
    }));
    const callTime = new MovingAverage();
    const breaker = breakerOf(provider, account, callTime);
    account.breakers.push(breaker);
    return {
      name,
      model: target.model,
      keys: keyRing(keys),
      account,
      breaker,
      callTime,
      timeoutMs,
      ...(lane && { lane }),
      target,
      price: priceOf(provider, target, { ...options, currency }),
    };
  }

  return { providers: targets.map(open), currency };
}

/** Logs once a minute that calls wait. */
function waitLog(account: string, log: Logger) {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  return ({ inFlight, limit, waiting }: LimiterState) => {
    if (performance.now() - loggedAtMs < waitLogMs) return;
    loggedAtMs = performance.now();
    log.info({ account, inFlight, limit, waiting }, `LLM calls wait: ${inFlight} of ${limit} are in flight`);
  };
}

/** Permits that albums leave free while single photos come: with all of them taken, one would wait for half a call. */
function reservedForSingles(limit: number): number {
  return limit < 4 ? 0 : Math.ceil(limit / 8);
}

/** The first paid provider's. Prices that the operator sets for an unknown host are in USD. */
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
  const { service_tier: tier } = { ...target.request.body, ...extraBody };
  const listed = tier === 'flex' ? (target.price?.flex ?? target.price) : target.price;
  return listed && { ...convertedPrice(listed, { from: target.currency, to: currency, rates }), typical };
}

function modelOf(
  { wire, vendor, baseUrl, model: name }: Target,
  own: Pick<Parameters<typeof anthropicModel>[0], 'apiKey' | 'fields'>,
): VisionModel {
  if (wire === 'anthropic') return anthropicModel({ name, baseUrl, ...own });
  return openAiCompatibleModel({ name, baseUrl, vendor, ...own });
}
