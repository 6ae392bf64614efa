import { readFileSync } from 'node:fs';
import * as is from './checks.ts';

/** Whom the configuration can name; the catalogue has them all. */
export const vendorNames = [
  'openai',
  'dashscope',
  'anthropic',
  'gemini',
  'mistral',
  'zhipu',
  'doubao',
  'siliconflow',
  'openrouter',
  'ollama',
  'vllm',
] as const;

export type VendorName = (typeof vendorNames)[number];

/** Currency units for a million tokens, which is millionths of a unit for one. */
export interface TokenPrice {
  readonly input: number;
  /** Of input that the vendor had in its cache; as `input` where absent. */
  readonly cachedInput?: number;
  readonly output: number;
}

export interface ListPrice extends TokenPrice {
  readonly currency: string;
  readonly batch?: TokenPrice;
  /** Of calls with `service_tier: "flex"`. */
  readonly flex?: TokenPrice;
  readonly date: string;
  readonly source: string;
}

/** How many tokens a picture counts as: `fixed`, or `factor` (1) for each patch, and `add` (0). */
export interface ImageTokens {
  readonly fixed?: number;
  readonly patchPx?: number;
  readonly factor?: number;
  readonly maxPatches?: number;
  readonly add?: number;
}

/** What a vendor wants to be sent beside the question. */
export interface RequestRules {
  /** How the reply is held to its form: by a schema, to any JSON object, or by the prompt alone. */
  readonly structuredOutput: 'json_schema' | 'json_object' | 'none';
  /** What the bound of a reply is called. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** How closely OpenAI's models look. */
  readonly detail?: 'low' | 'high' | 'auto';
  /** Further fields of the body; null takes one out. */
  readonly body: Readonly<Record<string, unknown>>;
  /** By name of a field that was refused: what is sent in its place. */
  readonly insteadOf?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface CatalogueModel {
  readonly request?: Partial<RequestRules>;
  /** By name of the site. */
  readonly prices?: Readonly<Record<string, ListPrice>>;
  /** Null where it is not as the vendor's others, and not known. */
  readonly imageTokens?: ImageTokens | null;
  /** `2027-01-14`: from that day on it does not answer. */
  readonly shutdown?: string;
  readonly replacement?: string;
}

export interface CatalogueSite {
  /** The first site with one is where the vendor is asked by default. */
  readonly baseUrl?: string;
  /** Further hosts, `*.` for any below. */
  readonly hosts?: readonly string[];
  readonly currency?: string;
}

export interface CatalogueVendor {
  readonly wire: 'openai' | 'anthropic';
  /** On the operator's own machine: at any host, without a price. */
  readonly selfHosted?: boolean;
  readonly defaultModel: string;
  readonly sites: Readonly<Record<string, CatalogueSite>>;
  readonly request: Partial<RequestRules>;
  /** Whether `GET /models` lists the models, and which field of one holds the day of its shutdown. */
  readonly modelList?: { readonly shutdownField?: string };
  readonly imageTokens?: ImageTokens;
  readonly models: Readonly<Record<string, CatalogueModel>>;
}

export interface PriceTable {
  readonly currency: string;
  readonly models: Readonly<Record<string, TokenPrice>>;
}

export interface Catalogue {
  readonly vendors: Readonly<Record<VendorName, CatalogueVendor>>;
  /** The operator's own prices, by name of the model; all of the catalogue's are left aside then. */
  readonly ownPrices?: PriceTable;
}

const tokenPrice = is.object({ input: is.amount, output: is.amount }, { cachedInput: is.amount });

const listPrice = is.object(
  { currency: is.currencyCode, input: is.amount, output: is.amount, date: is.date, source: is.text },
  { cachedInput: is.amount, batch: tokenPrice, flex: tokenPrice },
);

const imageTokens = is.object(
  {},
  { fixed: is.amount, patchPx: is.amount, factor: is.amount, maxPatches: is.amount, add: is.amount },
);

const request = is.object(
  {},
  {
    structuredOutput: is.oneOf('json_schema', 'json_object', 'none'),
    maxTokensField: is.oneOf('max_tokens', 'max_completion_tokens'),
    detail: is.oneOf('low', 'high', 'auto'),
    body: is.anyObject,
    insteadOf: is.record(is.anyObject),
  },
);

const model = is.object(
  {},
  {
    request,
    prices: is.record(listPrice),
    imageTokens: is.orNull(imageTokens),
    shutdown: is.date,
    replacement: is.text,
  },
);

const vendor = is.object(
  {
    wire: is.oneOf('openai', 'anthropic'),
    defaultModel: is.text,
    sites: is.record(is.object({}, { baseUrl: is.webAddress, hosts: is.texts, currency: is.currencyCode })),
    request,
    models: is.record(model),
  },
  {
    selfHosted: is.truth,
    modelList: is.object({}, { shutdownField: is.text }),
    imageTokens,
  },
);

const catalogueFile = is.object(
  { vendors: is.object(Object.fromEntries(vendorNames.map((name) => [name, vendor]))) },
  { about: is.texts },
);

/**
 * The vendors and models that come with the service, or those of another file of the same form. A file that has but
 * `currency` and `models` gives prices to the built-in ones.
 * @throws Error naming what is wrong with the file
 */
export function readCatalogue(file?: string): Catalogue {
  if (file === undefined) return builtIn();
  try {
    return ofFile(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Error(`LLM_PRICE_FILE: ${(error as Error).message}`);
  }
}

function ofFile(parsed: unknown): Catalogue {
  if (typeof parsed === 'object' && parsed !== null && 'vendors' in parsed)
    return checked(parsed, 'catalogue');
  is.anyObject(parsed, 'prices');
  const { currency, models } = parsed as PriceTable;
  is.currencyCode(currency, 'prices.currency');
  is.record(is.anyObject)(models, 'prices.models');
  for (const [name, { input, output, cachedInput = input }] of Object.entries(models))
    tokenPrice({ input, output, cachedInput }, `prices.models.${name}`);
  return { ...builtIn(), ownPrices: { currency, models } };
}

function builtIn(): Catalogue {
  return checked(
    JSON.parse(readFileSync(new URL('./catalogue.json', import.meta.url), 'utf8')),
    'catalogue.json',
  );
}

function checked(parsed: unknown, name: string): Catalogue {
  catalogueFile(parsed, name);
  const catalogue = parsed as Catalogue;
  for (const [vendorName, { sites, models }] of Object.entries(catalogue.vendors))
    for (const [modelName, { prices = {} }] of Object.entries(models))
      for (const site of Object.keys(prices))
        if (!Object.hasOwn(sites, site))
          throw new Error(`${name}.vendors.${vendorName}.models.${modelName}.prices.${site}: no such site`);
  return catalogue;
}
