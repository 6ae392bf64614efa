import { type Text, text, textOf } from '../messages/text.ts';
import type { ValueOf } from './kinds.ts';
import { type llmVariables, providerVariables } from './llm-variables.ts';
import { type Environment, listFrom, numbersFrom, readVariables } from './reading.ts';

type LlmValues = { readonly [Name in keyof typeof llmVariables]: ValueOf<(typeof llmVariables)[Name]> };

type ProviderConfig = ReturnType<typeof soleProvider>;

/** Undefined without a vision LLM. Adds errors to `problems`. */
export function llmFrom(values: LlmValues, environment: Environment, problems: Text[]) {
  const names = listFrom(values.LLM_PROVIDERS);
  const isConfigured =
    names.length > 0 ||
    values.LLM_API_KEY !== '' ||
    values.LLM_BASE_URL !== '' ||
    isKeyless(values.LLM_PROVIDER);
  if (!isConfigured) return undefined;
  if (new Set(names).size < names.length)
    problems.push(textOf('LLM_PROVIDERS must not name a provider twice'));
  const providers =
    names.length > 0
      ? names.flatMap((name) => namedProvider(name, values, environment, problems))
      : [soleProvider(values)];
  if (providers.length > 0 && providers.every(({ lane }) => lane === 'album'))
    problems.push(
      textOf('LLM_PROVIDERS must also name a provider without LANE=album, for photos that can’t wait'),
    );
  return {
    providers,
    maxTokens: values.LLM_MAX_TOKENS,
    imagePx: values.LLM_IMAGE_PX,
    maxWaiting: values.LLM_QUEUE,
    tries: values.LLM_TRIES,
    albumMemoryBytes: values.LLM_ALBUM_MEMORY_MB * 1_000_000,
    refusalMs: values.LLM_REFUSAL_TTL * 1000,
    neverSend: numbersFrom(values.LLM_NEVER_SEND),
    /** Infinity if there is none. */
    budget: {
      dailyMicro: values.LLM_BUDGET_DAILY * 1_000_000 || Number.POSITIVE_INFINITY,
      monthlyMicro: values.LLM_BUDGET_MONTHLY * 1_000_000 || Number.POSITIVE_INFINITY,
    },
    priceFile: values.LLM_PRICE_FILE || undefined,
    rates: numbersFrom(values.LLM_RATES),
    costPerCall: values.COST_PER_API_CALL,
  };
}

/** Settings of a sole provider, which no provider of LLM_PROVIDERS reads. */
export function unreadIn(values: LlmValues): Text[] {
  if (values.LLM_PROVIDERS === '') return [];
  const ofSole = ['API_KEY', 'BASE_URL', 'MODEL'] as const;
  return ofSole
    .filter((name) => values[`LLM_${name}`] !== '')
    .map((name) =>
      text('LLM_{name} is not read beside LLM_PROVIDERS: set LLM_<NAME>_{name} for each provider', { name }),
    );
}

function soleProvider(values: LlmValues) {
  return {
    name: values.LLM_PROVIDER as string,
    vendor: values.LLM_PROVIDER,
    apiKeys: keysFrom(values.LLM_API_KEY),
    baseUrl: values.LLM_BASE_URL || undefined,
    model: values.LLM_MODEL || undefined,
    structuredOutput: values.LLM_STRUCTURED_OUTPUT || undefined,
    extraBody: values.LLM_EXTRA_BODY,
    lane: undefined as 'album' | undefined,
    account: values.LLM_PROVIDER as string,
    timeoutMs: values.LLM_TIMEOUT * 1000,
    maxConcurrency: values.LLM_MAX_CONCURRENCY,
    maxRate: values.LLM_MAX_RATE,
    priceInput: values.LLM_PRICE_INPUT,
    priceOutput: values.LLM_PRICE_OUTPUT,
  };
}

function namedProvider(
  name: string,
  values: LlmValues,
  environment: Environment,
  problems: Text[],
): ProviderConfig[] {
  const prefix = `LLM_${name.toUpperCase().replaceAll('-', '_')}_`;
  const own = readVariables(providerVariables, environment, problems, prefix);
  const vendor = own.PROVIDER || vendorNamed(name);
  if (vendor === undefined) {
    problems.push(
      text('{setting} must name the vendor of {name}: {vendors}', {
        ...{ setting: `${prefix}PROVIDER`, name, vendors: textOf(providerVariables.PROVIDER.range) },
      }),
    );
    return [];
  }
  if (own.API_KEY === '' && own.BASE_URL === '' && !isKeyless(vendor))
    problems.push(
      text('{setting} must be set, as LLM_PROVIDERS names {name}', { setting: `${prefix}API_KEY`, name }),
    );
  const provider = {
    name,
    vendor,
    apiKeys: keysFrom(own.API_KEY ?? ''),
    baseUrl: own.BASE_URL || undefined,
    model: own.MODEL || undefined,
    structuredOutput: own.STRUCTURED_OUTPUT || undefined,
    extraBody: own.EXTRA_BODY ?? values.LLM_EXTRA_BODY,
    lane: own.LANE || undefined,
    account: own.ACCOUNT || name,
    timeoutMs: (own.TIMEOUT ?? (own.LANE === 'album' ? albumTimeoutS : values.LLM_TIMEOUT)) * 1000,
    maxConcurrency: own.MAX_CONCURRENCY ?? values.LLM_MAX_CONCURRENCY,
    maxRate: own.MAX_RATE ?? values.LLM_MAX_RATE,
    priceInput: own.PRICE_INPUT,
    priceOutput: own.PRICE_OUTPUT,
  };
  return [provider];
}

/** DashScope keeps a call waiting for up to an hour. A call that ends sooner may be paid for without an answer. */
const albumTimeoutS = 3600;

function vendorNamed(name: string) {
  try {
    return providerVariables.PROVIDER.parse(name) || undefined;
  } catch {
    return undefined;
  }
}

/** Has a default address on this machine. */
const isKeyless = (vendor: string) => vendor === 'ollama';

/** Servers without keys ignore the key, but the header can't be empty. */
function keysFrom(value: string): readonly string[] {
  const keys = listFrom(value);
  return keys.length > 0 ? keys : ['none'];
}
