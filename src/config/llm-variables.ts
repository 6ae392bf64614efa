import { decimal, integer, integerOrAuto, jsonObject, oneOf, orEmpty, secret, text, url } from './kinds.ts';

/** `src/vision/catalogue/catalogue.json` describes these vendors. */
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
  about: "How the reply is restricted to JSON; empty: the vendor's default",
  words: ['json_schema', 'json_object', 'none'],
  default: '',
});

const baseUrl = url({
  about: "Address of the LLM, with or without /chat/completions; empty: the vendor's own",
  protocols: ['http:', 'https:'],
});

const bodyFields = (about: string) => jsonObject({ about, not: ['model', 'messages', 'stream'] });

const price = (of: string) =>
  orEmpty(
    decimal({
      about: `Price of a million ${of} tokens, in the first provider's currency; empty: the catalogue's`,
      default: 0,
      min: 0,
      max: 10000,
      unit: 'currency units',
    }),
  );

/** Variables of the only provider, or of all providers. */
export const llmVariables = {
  LLM_PROVIDERS: text({
    about:
      'Names of several providers in order of preference, separated by commas, each with its own variables LLM_<NAME>_…; empty: one provider, set by LLM_PROVIDER',
    range: 'names of lower-case letters, digits and dashes',
    pattern: /^[a-z][a-z0-9-]*(\s*,\s*[a-z][a-z0-9-]*)*$/,
  }),
  LLM_PROVIDER: oneOf({
    about:
      'Vendor of the vision LLM; openai for every compatible server. If LLM_BASE_URL names the host of a known vendor, the request follows that vendor',
    default: 'openai',
    ...kind,
  }),
  LLM_API_KEY: secret({
    about:
      'Key of the vendor, or several separated by commas; may be empty if LLM_BASE_URL names a server without keys',
  }),
  LLM_BASE_URL: baseUrl,
  LLM_MODEL: text({ about: "Name of the model; empty: the catalogue's default for the vendor" }),
  LLM_STRUCTURED_OUTPUT: structuredOutput,
  LLM_EXTRA_BODY: bodyFields(
    'Further fields of the request as a JSON object; they override those of the catalogue, and null removes a field',
  ),
  LLM_MAX_TOKENS: integer({ about: 'Longest reply', default: 300, min: 16, max: 8192, unit: 'tokens' }),
  LLM_TAGS: integer({
    about:
      'Most tags per photo that the LLM is asked for, in the language of `description` (English with none); 0: no tags',
    default: 0,
    min: 0,
    max: 10,
  }),
  LLM_IMAGE_PX: integer({
    about: 'Long edge of the JPEG that the LLM receives',
    default: 512,
    min: 64,
    max: 4096,
    unit: 'px',
  }),
  LLM_TIMEOUT: decimal({ about: 'Longest time of a call', default: 20, min: 0.1, max: 600, unit: 's' }),
  LLM_MAX_CONCURRENCY: integerOrAuto({
    about: 'Most concurrent calls, per worker; auto: starts with 4 and adapts',
    default: 'auto',
    min: 1,
    max: 1000,
  }),
  LLM_MAX_RATE: orEmpty(
    decimal({
      about: 'Most calls per second, per worker; empty: as many as the vendor accepts',
      default: 0,
      min: 0.01,
      max: 10000,
      unit: '1/s',
    }),
  ),
  LLM_QUEUE: integer({
    about: 'Calls that may wait, per worker; further photos go to the local model at once',
    default: 500,
    min: 1,
    max: 100000,
  }),
  LLM_TRIES: integer({
    about: 'Most failed calls of one provider for one photo',
    default: 3,
    min: 1,
    max: 10,
  }),
  LLM_REFUSAL_TTL: integer({
    about: 'How long a photo is not sent again after vendors refused its content',
    default: 21600,
    min: 0,
    max: 2592000,
    unit: 's',
  }),
  LLM_ALBUM_MEMORY_MB: integer({
    about:
      'Memory for photos that wait for a provider with LANE=album, per worker; beyond it a photo keeps its local answer until it is sent again',
    default: 100,
    min: 1,
    max: 10000,
    unit: 'MB',
  }),
  LLM_NEVER_SEND: text({
    about:
      'Categories whose photos no vendor receives, separated by commas, optionally with the probability from which a photo counts as one: idcard or idcard:0.02; empty: none',
    range: 'category or category:0 to 1, …',
    pattern: /^\w+(:[01](\.\d+)?)?(,\s*\w+(:[01](\.\d+)?)?)*$/,
  }),
  LLM_BUDGET_DAILY: decimal({
    about: 'Most money for LLM calls per day (TIME_ZONE), of all processes together; 0: no limit',
    default: 0,
    min: 0,
    max: 1000000,
    unit: 'currency units',
  }),
  LLM_BUDGET_MONTHLY: decimal({
    about: 'Most money for LLM calls per month, of all processes together; 0: no limit',
    default: 0,
    min: 0,
    max: 1000000,
    unit: 'currency units',
  }),
  LLM_PRICE_FILE: text({
    about: 'File of prices, or a catalogue that replaces the built-in one; empty: the built-in catalogue',
  }),
  LLM_RATES: text({
    about:
      "Value of one unit of another currency in the first provider's, as CNY:0.14, separated by commas; required if providers use different currencies",
    range: 'CODE:number, …',
    pattern: /^[A-Z]{3}:\d+(\.\d+)?(,\s*[A-Z]{3}:\d+(\.\d+)?)*$/,
  }),
  LLM_PRICE_INPUT: price('input'),
  LLM_PRICE_OUTPUT: price('output'),
  COST_PER_API_CALL: decimal({
    about: 'Price of one LLM call, if it is not charged by tokens; overrides the catalogue',
    default: 0,
    min: 0,
    max: 1000,
    unit: 'currency units',
  }),
};

/** Variables of one of LLM_PROVIDERS: LLM_<NAME>_…, with the name in capitals and underscores for dashes. */
export const providerVariables = {
  PROVIDER: oneOf({ about: 'Vendor of this provider; empty: the vendor of that name', default: '', ...kind }),
  API_KEY: secret({ about: 'Key of the vendor, or several separated by commas' }),
  BASE_URL: baseUrl,
  MODEL: text({ about: "Name of the model; empty: the catalogue's default for the vendor" }),
  STRUCTURED_OUTPUT: structuredOutput,
  EXTRA_BODY: bodyFields('Further fields of the request; empty: LLM_EXTRA_BODY'),
  ACCOUNT: text({
    about:
      'Account of the provider; providers with the same account share its limits; empty: its own account',
  }),
  LANE: oneOf({
    about:
      'album: only photos that may wait go to this provider, at the half price that the vendor has for slow answers; empty: all other photos',
    words: ['album'],
    default: '',
  }),
  TIMEOUT: orEmpty(
    decimal({
      about: 'Longest time of a call; empty: LLM_TIMEOUT, or 3600 with LANE=album',
      default: 0,
      min: 0.1,
      max: 3600,
      unit: 's',
    }),
  ),
  MAX_CONCURRENCY: orEmpty(
    integer({
      about: 'Most concurrent calls, per worker; empty: LLM_MAX_CONCURRENCY',
      default: 0,
      min: 1,
      max: 1000,
    }),
  ),
  MAX_RATE: orEmpty(
    decimal({
      about: 'Most calls per second, per worker; empty: LLM_MAX_RATE',
      default: 0,
      min: 0.01,
      max: 10000,
      unit: '1/s',
    }),
  ),
  PRICE_INPUT: price('input'),
  PRICE_OUTPUT: price('output'),
};
