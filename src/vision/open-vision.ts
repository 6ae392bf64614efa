import type { Logger } from 'pino';
import type { Classifier } from '../classify/classifier.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { SetupError, UnavailableError } from '../errors.ts';
import { type Text, text } from '../messages/text.ts';
import type { BreakerState } from '../resilience/circuit-breaker.ts';
import type { LimiterState } from '../resilience/limiter.ts';
import { RetryBudget } from '../resilience/retry-budget.ts';
import { type AlbumProviders, everydayMs, withAlbumProviders } from './album-providers.ts';
import { failureText } from './calls/call-failure.ts';
import type { VisionHooks } from './calls/call-report.ts';
import { type CallsInFlight, openCallsInFlight } from './calls/calls-in-flight.ts';
import { type LastFailure, openFailures } from './calls/failures.ts';
import { openProviders, type ProviderOptions } from './calls/open-providers.ts';
import { type Provider, unavailableMs } from './calls/provider.ts';
import { openRefusalMemory, type RefusalStore } from './calls/refusals.ts';
import type { RunBudget } from './calls/run-budget.ts';
import { type Ledger, openSpending } from './calls/spending.ts';
import { readCatalogue } from './catalogue/catalogue.ts';
import { type ModelState, type ModelWatch, openModelWatch } from './catalogue/model-watch.ts';
import type { VisionPrompt } from './prompt.ts';
import { visionClassifier } from './vision-classifier.ts';

export interface LlmOptions {
  /** In order of preference. */
  readonly providers: readonly ProviderOptions[];
  readonly maxTokens: number;
  /** Calls that may wait for their turn, of each account. */
  readonly maxWaiting: number;
  readonly tries: number;
  readonly refusalMs: number;
  /** Of photos that wait for the album lane. */
  readonly albumMemoryBytes: number;
  /** Infinity where there is none. */
  readonly budget: { readonly dailyMicro: number; readonly monthlyMicro: number };
  readonly priceFile: string | undefined;
  /** By currency: what one unit of it is in that of the first provider. */
  readonly rates: Readonly<Record<string, number | undefined>>;
  /** Long edge of the photos that are sent. */
  readonly imagePx: number;
  /** A flat price, which wins over the catalogue's; 0 for none. */
  readonly costPerCall: number;
}

export interface VisionParts {
  readonly taxonomy: Taxonomy;
  readonly prompt: VisionPrompt;
  readonly timeZone: string;
  readonly ledger: Ledger;
  /** The budget of this run alone, beside those of the configuration. */
  readonly runBudget?: RunBudget | undefined;
  readonly refusals: RefusalStore;
  readonly log: Logger;
  readonly hooks: VisionHooks;
  /** Unix milliseconds, by which models end. */
  readonly now?: () => number;
  /** A local model answers where no LLM does. */
  readonly hasFallback?: boolean;
}

/** How the LLM side is doing. */
export interface VisionState {
  /** A cap was reached: the local model answers until the day or the month ends. */
  readonly isOverBudget: boolean;
  /** Of every price, budget and cost: the first provider's. */
  readonly currency: string;
  /** Whole units; absent where there is none. */
  readonly dailyBudget?: number;
  readonly providers: readonly ProviderState[];
}

export interface ProviderState {
  readonly name: string;
  readonly model: string;
  readonly modelState: ModelState;
  readonly account: string;
  readonly circuit: BreakerState;
  /** Why the circuit is open; absent while it is closed. */
  readonly circuitCause?: Text;
  readonly healthyKeys: number;
  readonly limiter: LimiterState;
  /** Why calls to it failed last; absent where none has. */
  readonly lastFailure?: LastFailure;
}

export interface Vision {
  /** Photos of the lane `album` go to the providers of that lane, if there are any; all others to the other ones. */
  readonly classifier: Classifier;
  /** Undefined without providers of their own for photos that may wait. */
  readonly albumLane: AlbumProviders | undefined;
  readonly name: string;
  /** How long the models will be there. */
  readonly models: ModelWatch;
  state(): VisionState;
  /** `unavailable` while every provider is left alone, or its last calls failed. */
  health(): 'available' | 'over_budget' | 'unavailable';
  /** Calls for photos that can't wait that may be in flight, of all accounts. */
  callsAtOnce(): number;
  /** Why calls fail, or did within the last hour. */
  worstFailure(): LastFailure | undefined;
  /** Waits two seconds for everyday calls whose callers have left, then ends all calls. */
  close(): Promise<void>;
}

/** Before a call that failed is repeated. */
export const backoff = { baseMs: 2_000, capMs: 10_000 };
/** For calls that no one waits for, when the process ends. */
const closeLimitMs = 2_000;
/** A tenth of the calls; some in quiet times. */
export const repetitions = { ratio: 0.1, floor: 10, windowMs: 10_000 };

/** Logs what failed, but for an outage, which the store's breaker logs. */
const storeFailed = (log: VisionParts['log'], message: string) => (error: unknown) => {
  if (!(error instanceof UnavailableError)) log.warn({ err: error }, message);
};

/** @throws SetupError the price of a model is not known */
function checkPrices(providers: readonly Provider[], runBudget: RunBudget | undefined): void {
  const unpriced = providers.find(({ price }) => price === undefined);
  if (!unpriced) return;
  const sentence = runBudget
    ? '--max-cost needs the price of {model}: set LLM_PRICE_INPUT and LLM_PRICE_OUTPUT (0 if it is free), COST_PER_API_CALL, or LLM_PRICE_FILE'
    : 'LLM_BUDGET_* needs the price of {model}: set LLM_PRICE_INPUT and LLM_PRICE_OUTPUT (LLM_<NAME>_… with LLM_PROVIDERS), COST_PER_API_CALL, or LLM_PRICE_FILE';
  throw new SetupError(text(sentence, { model: unpriced.model }));
}

/**
 * The vision LLMs that the configuration names, ready to be asked.
 * @throws Error the catalogue or a provider can't be used, or a budget is set and a model's price is not known
 */
export function openVision(llm: LlmOptions, parts: VisionParts): Vision {
  const { taxonomy, prompt, log, runBudget } = parts;
  const failures = openFailures({ log, ...(parts.now && { now: parts.now }) });
  const hooks: VisionHooks = {
    ...parts.hooks,
    onCall(call) {
      failures.report(call);
      parts.hooks.onCall?.(call);
    },
  };
  const catalogue = readCatalogue(llm.priceFile);
  const { providers, currency } = openProviders(llm, { catalogue, log, ...hooks });
  const models = openModelWatch(
    providers.map(({ name, target }, index) => ({
      name,
      target,
      apiKey: llm.providers[index]?.apiKeys[0] ?? 'none',
    })),
    { log, ...(parts.now && { now: parts.now }) },
  );
  const isCapped =
    runBudget !== undefined || Number.isFinite(Math.min(llm.budget.dailyMicro, llm.budget.monthlyMicro));
  if (isCapped) checkPrices(providers, runBudget);
  let isOverBudget = false;
  const spending = openSpending({
    ...llm.budget,
    ledger: runBudget?.around(parts.ledger) ?? parts.ledger,
    isCapped,
    timeZone: parts.timeZone,
    onExhausted(isExhausted) {
      isOverBudget = isExhausted;
      if (isExhausted) log.warn('the budget for LLM calls is used up; the local model answers');
      else log.info('there is budget for LLM calls again');
    },
    onFailure: storeFailed(log, 'what LLM calls cost could not be written down'),
  });
  const refusals = openRefusalMemory({
    store: parts.refusals,
    version: `${taxonomy.version}/${prompt.version}`,
    ttlMs: llm.refusalMs,
    onFailure: storeFailed(log, 'a refused photo could not be looked up or remembered'),
  });
  const common = {
    ...{ taxonomy, prompt, spending, refusals, log, hooks, backoff },
    maxTokens: llm.maxTokens,
    tries: llm.tries,
    hasFallback: parts.hasFallback ?? false,
  };
  const classifierOf = (some: readonly Provider[], inFlight: CallsInFlight) =>
    visionClassifier({ ...common, providers: some, inFlight, retryBudget: new RetryBudget(repetitions) });
  const everyday = providers.filter(({ lane }) => lane === undefined);
  const slow = providers.filter(({ lane }) => lane === 'album');
  const everydayCalls = openCallsInFlight();
  const slowCalls = openCallsInFlight();
  const everydayClassifier = classifierOf(everyday, everydayCalls);
  const callsAtOnce = (some: readonly Provider[]) => {
    const limiters = new Set(some.map(({ account }) => account.limiter));
    return [...limiters].reduce((sum, { state }) => sum + state.limit, 0);
  };
  return {
    classifier:
      slow.length === 0
        ? everydayClassifier
        : withAlbumProviders(everydayClassifier, classifierOf(slow, slowCalls), { mayPayMore: isCapped }),
    albumLane:
      slow.length === 0
        ? undefined
        : {
            callsAtOnce: () => callsAtOnce(slow),
            timeLimitMs: Math.max(...slow.map(({ timeoutMs }) => timeoutMs)) + everydayMs,
          },
    name: providers.map(({ model }) => model).join(', '),
    models,
    state: () => ({
      isOverBudget,
      currency,
      ...(Number.isFinite(llm.budget.dailyMicro) && { dailyBudget: llm.budget.dailyMicro / 1_000_000 }),
      providers: providers.map((provider) => stateOf(provider, models, failures.lastOf(provider.name))),
    }),
    health() {
      if (isOverBudget) return 'over_budget';
      const isWell = (one: Provider) => unavailableMs(one) === 0 && !failures.isFailing(one.name);
      return everyday.some(isWell) ? 'available' : 'unavailable';
    },
    callsAtOnce: () => callsAtOnce(everyday),
    worstFailure: () => failures.worst(everyday.map(({ name }) => name)),
    async close() {
      models.stop();
      // The album lane has waited for its own calls. Either kind would keep the process alive.
      await Promise.all([everydayCalls.close(closeLimitMs), slowCalls.close(0)]);
      failures.flush();
    },
  };
}

function stateOf(
  { name, model, account, breaker, keys }: Provider,
  models: ModelWatch,
  lastFailure: LastFailure | undefined,
): ProviderState {
  return {
    name,
    model,
    modelState: models.stateOf(name),
    account: account.name,
    circuit: breaker.state,
    ...(breaker.cause && { circuitCause: failureText(breaker.cause) }),
    healthyKeys: keys.healthy,
    limiter: account.limiter.state,
    ...(lastFailure && { lastFailure }),
  };
}
