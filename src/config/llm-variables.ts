import { decimal, integer, integerOrAuto, jsonObject, oneOf, orEmpty, secret, text, url } from './kinds.ts';

/** Their hosts, models and rules are in the catalogue: `src/vision/catalogue/catalogue.json`. */
const kind = {
  words: [
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
  ],
  aliases: {
    aliyun: 'dashscope',
    qwen: 'dashscope',
    claude: 'anthropic',
    google: 'gemini',
    glm: 'zhipu',
    ark: 'doubao',
  },
} as const;

const structuredOutput = oneOf({
  about: "How its reply is kept to JSON; empty: the vendor's way",
  words: ['json_schema', 'json_object', 'none'],
  default: '',
});

const baseUrl = url({
  about: "Its address, with or without /chat/completions; empty: the vendor's own",
  protocols: ['http:', 'https:'],
});

const bodyFields = (about: string) => jsonObject({ about, not: ['model', 'messages', 'stream'] });

const price = (of: string) =>
  orEmpty(
    decimal({
      about: `Price of a million tokens of ${of}, in the first provider's currency; empty: as the catalogue says`,
      default: 0,
      min: 0,
      max: 10000,
      unit: 'currency units',
    }),
  );

/** What is set for the only provider, or for all of them. */
export const llmVariables = {
  LLM_PROVIDERS: text({
    about:
      'Several providers in order of preference, by names of your choice separated by commas, each with variables LLM_<NAME>_… of its own; empty: the one below',
    range: 'names of lower-case letters, digits and dashes',
    pattern: /^[a-z][a-z0-9-]*(\s*,\s*[a-z][a-z0-9-]*)*$/,
  }),
  LLM_PROVIDER: oneOf({
    about:
      "Vendor of the vision LLM; openai for everything compatible. What is sent follows the host of LLM_BASE_URL, where it is one of these vendors'",
    default: 'openai',
    ...kind,
  }),
  LLM_API_KEY: secret({
    about: 'Its key, or several separated by commas; with LLM_BASE_URL alone a server without keys is asked',
  }),
  LLM_BASE_URL: baseUrl,
  LLM_MODEL: text({ about: "Its model; empty: the vendor's default here" }),
  LLM_STRUCTURED_OUTPUT: structuredOutput,
  LLM_EXTRA_BODY: bodyFields(
    'Further fields of the request as a JSON object, for what the catalogue does not know; they win over its own, and null takes one out',
  ),
  LLM_MAX_TOKENS: integer({ about: 'Longest reply', default: 300, min: 16, max: 8192, unit: 'tokens' }),
  LLM_IMAGE_PX: integer({
    about: 'Long edge of the JPEG it is sent',
    default: 512,
    min: 64,
    max: 4096,
    unit: 'px',
  }),
  LLM_TIMEOUT: decimal({ about: 'Longest call', default: 20, min: 0.1, max: 600, unit: 's' }),
  LLM_MAX_CONCURRENCY: integerOrAuto({
    about: 'Most calls at once, a worker; auto: begins with 4 and finds out',
    default: 'auto',
    min: 1,
    max: 1000,
  }),
  LLM_MAX_RATE: orEmpty(
    decimal({
      about: 'Calls a second, a worker; empty: as many as the vendor takes',
      default: 0,
      min: 0.01,
      max: 10000,
      unit: '1/s',
    }),
  ),
  LLM_QUEUE: integer({
    about: 'Calls that may wait for their turn, a worker; more photos go to the local model at once',
    default: 500,
    min: 1,
    max: 100000,
  }),
  LLM_TRIES: integer({ about: 'Failed calls of one provider for one photo', default: 3, min: 1, max: 10 }),
  LLM_REFUSAL_TTL: integer({
    about: 'How long a photo is not sent again whose content was refused',
    default: 21600,
    min: 0,
    max: 2592000,
    unit: 's',
  }),
  LLM_NEVER_SEND: text({
    about:
      'Categories of which no photo leaves the house, separated by commas, with the probability from which one is suspected: idcard or idcard:0.02; empty: none',
    range: 'category or category:0 to 1, …',
    pattern: /^\w+(:[01](\.\d+)?)?(,\s*\w+(:[01](\.\d+)?)?)*$/,
  }),
  LLM_BUDGET_DAILY: decimal({
    about: 'Money for LLM calls a day (TIME_ZONE), of all processes together; 0: no limit',
    default: 0,
    min: 0,
    max: 1000000,
    unit: 'currency units',
  }),
  LLM_BUDGET_MONTHLY: decimal({
    about: 'The same, a month',
    default: 0,
    min: 0,
    max: 1000000,
    unit: 'currency units',
  }),
  LLM_PRICE_FILE: text({
    about: 'File of prices, or a catalogue of models that takes the place of the built-in one; empty: that',
  }),
  LLM_RATES: text({
    about:
      "What one unit of another currency is in the first provider's, as CNY:0.14, separated by commas; needed where providers are paid in different ones",
    range: 'CODE:number, …',
    pattern: /^[A-Z]{3}:\d+(\.\d+)?(,\s*[A-Z]{3}:\d+(\.\d+)?)*$/,
  }),
  LLM_PRICE_INPUT: price('its input'),
  LLM_PRICE_OUTPUT: price('its output'),
  COST_PER_API_CALL: decimal({
    about: 'Price of one LLM call, where it is not counted by tokens; wins over the catalogue',
    default: 0,
    min: 0,
    max: 1000,
    unit: 'currency units',
  }),
};

/** What is set for one of LLM_PROVIDERS, as LLM_<NAME>_… with the name in capitals and its dashes as underscores. */
export const providerVariables = {
  PROVIDER: oneOf({ about: 'Its vendor; empty: as its name says', default: '', ...kind }),
  API_KEY: secret({ about: 'Its key, or several separated by commas' }),
  BASE_URL: baseUrl,
  MODEL: text({ about: "Its model; empty: the vendor's default here" }),
  STRUCTURED_OUTPUT: structuredOutput,
  EXTRA_BODY: bodyFields('Further fields of its requests; empty: LLM_EXTRA_BODY'),
  ACCOUNT: text({
    about: 'Providers of the same account share its limits; empty: an account of its own',
  }),
  TIMEOUT: orEmpty(
    decimal({ about: 'Longest call; empty: LLM_TIMEOUT', default: 0, min: 0.1, max: 600, unit: 's' }),
  ),
  MAX_CONCURRENCY: orEmpty(
    integer({
      about: 'Most calls at once, a worker; empty: LLM_MAX_CONCURRENCY',
      default: 0,
      min: 1,
      max: 1000,
    }),
  ),
  MAX_RATE: orEmpty(
    decimal({
      about: 'Calls a second, a worker; empty: LLM_MAX_RATE',
      default: 0,
      min: 0.01,
      max: 10000,
      unit: '1/s',
    }),
  ),
  PRICE_INPUT: price('its input'),
  PRICE_OUTPUT: price('its output'),
};
