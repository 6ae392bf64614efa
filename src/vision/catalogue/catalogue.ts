import { readFileSync } from 'node:fs';
import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { SetupError } from '../../errors.ts';
import { text as sentence } from '../../messages/text.ts';

/** The vendors that the configuration can name. */
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

/** Unknown fields are errors: a misspelt one would go unnoticed. */
const strict = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const record = <T extends TSchema>(value: T) => Type.Record(Type.String(), value);
const optional = Type.Optional;

const text = Type.String({ minLength: 1 });
const amount = Type.Number({ minimum: 0 });
const currencyCode = Type.String({ pattern: '^[A-Z]{3}$' });
const day = Type.String({ format: 'date' });
const anyObject = record(Type.Unknown());

/** Currency units for a million tokens, which is millionths of a unit for one. */
const tokenPrice = {
  input: amount,
  /** Of input that the vendor had in its cache; as `input` where absent. */
  cachedInput: optional(amount),
  output: amount,
};

const listPrice = strict({
  ...tokenPrice,
  currency: currencyCode,
  batch: optional(strict(tokenPrice)),
  /** Of calls with `service_tier: "flex"`. */
  flex: optional(strict(tokenPrice)),
  date: day,
  source: text,
});

/** How many tokens a picture counts as: `fixed`, or `factor` (1) for each patch, and `add` (0). */
const imageTokens = strict({
  fixed: optional(amount),
  patchPx: optional(amount),
  factor: optional(amount),
  maxPatches: optional(amount),
  add: optional(amount),
});

/** What a vendor wants to be sent beside the question. */
const requestRules = {
  /** How the reply is held to its form: by a schema, to any JSON object, or by the prompt alone. */
  structuredOutput: Type.Enum(['json_schema', 'json_object', 'none']),
  /** What the bound of a reply is called. */
  maxTokensField: Type.Enum(['max_tokens', 'max_completion_tokens']),
  /** How closely OpenAI's models look. */
  detail: optional(Type.Enum(['low', 'high', 'auto'])),
  /** Further fields of the body; null takes one out. */
  body: anyObject,
  /** By name of a field that the vendor rejected: what is sent in its place. */
  insteadOf: optional(record(anyObject)),
};

const request = Type.Partial(strict(requestRules), { additionalProperties: false });

const model = strict({
  request: optional(request),
  /** By name of the site. */
  prices: optional(record(listPrice)),
  /** Null where it is not as the vendor's others, and not known. */
  imageTokens: optional(Type.Union([imageTokens, Type.Null()])),
  /** `2027-01-14`: from that day on it does not answer. */
  shutdown: optional(day),
  replacement: optional(text),
});

const site = strict({
  /** The first site with one is where the vendor is asked by default. */
  baseUrl: optional(Type.String({ format: 'url', pattern: '^https?://' })),
  /** Further hosts, `*.` for any below. */
  hosts: optional(Type.Array(text)),
  currency: optional(currencyCode),
});

const vendor = strict({
  wire: Type.Enum(['openai', 'anthropic']),
  /** On the operator's own machine: at any host, without a price. */
  selfHosted: optional(Type.Boolean()),
  defaultModel: text,
  sites: record(site),
  request,
  /** The slow service at half price: at another site, or asked for by fields of the body. */
  album: optional(strict({ site: optional(text), body: optional(anyObject) })),
  /** Whether `GET /models` lists the models, and which field of one holds the day of its shutdown. */
  modelList: optional(strict({ shutdownField: optional(text) })),
  imageTokens: optional(imageTokens),
  models: record(model),
});

const vendors = Object.fromEntries(vendorNames.map((name) => [name, vendor])) as Record<
  VendorName,
  typeof vendor
>;
const catalogueFile = strict({ about: optional(Type.Array(text)), vendors: strict(vendors) });
const priceTable = Type.Object({ currency: currencyCode, models: record(Type.Object(tokenPrice)) });

const allRules = strict(requestRules);
const price = strict(tokenPrice);
export type TokenPrice = Readonly<Static<typeof price>>;
export type ImageTokens = Readonly<Static<typeof imageTokens>>;
export type RequestRules = Readonly<Static<typeof allRules>>;
export type CatalogueModel = Readonly<Static<typeof model>>;
export type CatalogueVendor = Readonly<Static<typeof vendor>>;

export interface Catalogue {
  readonly vendors: Readonly<Record<VendorName, CatalogueVendor>>;
  /** The operator's own prices, by name of the model; all of the catalogue's are left aside then. */
  readonly ownPrices?: Readonly<Static<typeof priceTable>>;
}

const builtInFile = new URL('./catalogue.json', import.meta.url);

/**
 * The vendors and models that come with the service, or those of another file of the same form. A file that has but
 * `currency` and `models` gives prices to the built-in ones.
 * @throws Error naming what is wrong with the file
 */
export function readCatalogue(file?: string): Catalogue {
  if (file === undefined) return catalogueOf(JSON.parse(readFileSync(builtInFile, 'utf8')));
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'vendors' in parsed) return catalogueOf(parsed);
    return { ...readCatalogue(), ownPrices: checked(priceTable, parsed, 'prices') };
  } catch (error) {
    throw new SetupError(sentence('LLM_PRICE_FILE: {problem}', { problem: SetupError.textOf(error) }));
  }
}

function catalogueOf(parsed: unknown): Catalogue {
  const catalogue = checked(catalogueFile, parsed, 'catalogue');
  for (const [vendorName, { sites, models, album }] of Object.entries(catalogue.vendors)) {
    if (album?.site !== undefined && sites[album.site]?.baseUrl === undefined)
      throw new Error(`catalogue.vendors.${vendorName}.album.site: no such site with an address`);
    for (const [modelName, { prices = {} }] of Object.entries(models))
      for (const name of Object.keys(prices))
        if (!Object.hasOwn(sites, name))
          throw new Error(`catalogue.vendors.${vendorName}.models.${modelName}.prices.${name}: no such site`);
  }
  return catalogue;
}

/** @throws Error that names the place and what is expected there */
function checked<T extends TSchema>(schema: T, value: unknown, name: string): Static<T> {
  if (Value.Check(schema, value)) return value as Static<T>;
  // Where a field is unknown, the first error is about its schema.
  const error = Value.Errors(schema, value).find(({ keyword }) => keyword !== 'boolean');
  const path = `${name}${error?.instancePath.replaceAll('/', '.')}`;
  if (error?.keyword === 'required')
    throw new Error(`${path}.${error.params.requiredProperties[0]} is missing`);
  if (error?.keyword === 'additionalProperties')
    throw new Error(`${path}.${error.params.additionalProperties[0]} is not a known field`);
  if (error?.keyword === 'enum')
    throw new Error(`${path} must be one of ${error.params.allowedValues.join(', ')}`);
  throw new Error(`${path} ${error?.message}`);
}
