import { cacheVariables } from './cache-variables.ts';
import { imageVariables } from './image-variables.ts';
import { decimal, flag, integer, integerOrAuto, oneOf, text } from './kinds.ts';
import { llmVariables } from './llm-variables.ts';
import { opsVariables } from './ops-variables.ts';
import { storeVariables } from './store-variables.ts';

const origin = /(null|file:\/\/|[a-z][a-z\d+.-]*:\/\/[^\s,/]+)/.source;
const originList = new RegExp(`^${origin}(\\s*,\\s*${origin})*$`, 'i');

/**
 * Every environment variable the service reads: unit, default, range and purpose. A test checks
 * docs/configuration.md and `.env.example` against this file. `providerVariables` has
 * those of one provider among several.
 */
export const variables = {
  // Process
  APP_HOST: text({ about: 'Address to listen on', default: '0.0.0.0' }),
  APP_PORT: integer({ about: 'Port to listen on; 0 takes a free one', default: 8000, min: 0, max: 65535 }),
  WORKERS: integerOrAuto({
    about: 'Server processes; auto: one per core',
    default: 1,
    min: 1,
    max: 64,
  }),
  INFERENCE_PROCESSES: integerOrAuto({
    about: 'Child processes that decode photos and run the local model, in total; auto: one per core',
    default: 'auto',
    min: 1,
    max: 256,
  }),
  INFERENCE_QUEUE: integer({
    about:
      'Photos that may wait for a child process, per worker; single photos and photos of albums have this limit each',
    default: 1000,
    min: 1,
    max: 100000,
  }),
  DECODE_TIMEOUT: decimal({
    about: 'Longest time that one photo may occupy a child process; then the child is replaced',
    default: 10,
    min: 0.1,
    max: 600,
    unit: 's',
  }),
  DECODE_MEMORY_MB: integer({
    about: 'Memory at which a child process is replaced',
    default: 1000,
    min: 200,
    max: 65536,
    unit: 'MB',
  }),
  DRAIN_TIMEOUT: integer({
    about: 'Time for requests in flight to finish after SIGTERM and SHUTDOWN_GRACE; then they are cut off',
    default: 60,
    min: 1,
    max: 600,
    unit: 's',
  }),
  SHUTDOWN_GRACE: integerOrAuto({
    about:
      'Time after SIGTERM in which /health/ready answers 503 and the port is still open, so that load balancers send requests elsewhere; auto: 5, at a terminal 0',
    default: 'auto',
    min: 0,
    max: 300,
    unit: 's',
  }),
  LOG_LEVEL: oneOf({
    about: 'Lowest level that is logged',
    words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
  }),
  LOG_FORMAT: oneOf({
    about: 'Format of the log; auto: pretty in a terminal, JSON otherwise',
    words: ['auto', 'pretty', 'json'],
    default: 'auto',
  }),
  BUILD_COMMIT: text({
    about: 'Commit that the code was built from, for /version and /metrics; the Dockerfile sets it',
    range: '7 to 64 hexadecimal digits',
    pattern: /^[\da-f]{7,64}$/i,
  }),
  TIME_ZONE: text({
    about: 'IANA time zone in which a day of statistics begins',
    default: 'UTC',
    range: 'an IANA time zone',
    pattern: /^[\w+\-/]+$/,
  }),

  // HTTP
  TRUST_PROXY: text({
    about:
      'Proxies whose X-Forwarded-For is trusted: addresses or CIDR ranges separated by commas, or a number of hops; empty: none',
  }),
  ...opsVariables,
  CORS_ORIGIN: text({
    about:
      "Origins of browser pages that may read answers and send feedback, separated by commas, or *; empty: only the service's own pages",
  }),
  UPLOAD_ORIGINS: text({
    about:
      "Origins of browser pages that may upload photos and look hashes up, separated by commas, in addition to CORS_ORIGIN and the service's own pages; programs other than browsers are not restricted. Empty: all pages",
    range: 'origins such as https://photos.example, null or file://, …',
    pattern: originList,
  }),
  MAX_IMAGE_SIZE_MB: integer({ about: 'Largest photo', default: 12, min: 1, max: 512, unit: 'MB' }),
  ...imageVariables,
  MAX_BATCH_FILES: integer({ about: 'Most photos in a batch', default: 20, min: 1, max: 1000 }),
  MAX_BATCH_SIZE_MB: integer({
    about: 'Largest body of a batch',
    default: 260,
    min: 1,
    max: 8192,
    unit: 'MB',
  }),
  UPLOAD_BUDGET_MB: integer({
    about: 'Memory for photos that are being uploaded or decoded, per worker; reading pauses above it',
    default: 64,
    min: 16,
    max: 65536,
    unit: 'MB',
  }),
  SINGLE_DEADLINE: decimal({
    about: 'Longest time until a single photo is answered',
    default: 25,
    min: 0.1,
    max: 600,
    unit: 's',
  }),
  BATCH_DEADLINE: decimal({
    about: 'Longest time until a batch is answered; for a v2 batch, counted from the end of its form',
    default: 55,
    min: 0.1,
    max: 600,
    unit: 's',
  }),

  // Store
  ...storeVariables,
  LOG_RETENTION_DAYS: integer({
    about: 'Days for which request and photo records are kept; MySQL drops whole days of UTC',
    default: 90,
    min: 1,
    max: 3650,
    unit: 'days',
  }),

  // Cache
  ...cacheVariables,

  // Classification
  STRATEGY: oneOf({
    about: 'Order of the classifiers; empty: llm-first with an LLM, local-only without',
    words: ['llm-first', 'local-first', 'local-only', 'llm-only'],
    default: '',
  }),
  TAXONOMY_FILE: text({ about: 'File of categories; empty: the built-in file' }),
  MODEL_DIR: text({ about: 'Folder of the local model and its manifest', default: './models/album9' }),
  USE_LOCAL_INFERENCE: flag({ about: 'true: STRATEGY=local-only, where STRATEGY is empty' }),
  LOCAL_INFERENCE_FALLBACK: flag({
    about: 'false: STRATEGY=llm-only, where STRATEGY is empty and a key is set',
  }),

  LOCAL_SURE: text({
    about:
      "Confidence from which a local answer needs no LLM, as category:number, separated by commas; empty: the values of the model's manifest",
    range: 'category:0 to 1, …',
    pattern: /^\w+:[01](\.\d+)?(,\s*\w+:[01](\.\d+)?)*$/,
  }),

  // Vision LLM
  ...llmVariables,
  CLASSIFICATION_PROMPT: text({ about: 'Prompt that replaces the built-in one', secret: true }),
  DESCRIPTION_LANGUAGE: oneOf({
    about: 'Language of `description`; none: no description',
    words: ['zh', 'en', 'none'],
    default: 'zh',
  }),
};
