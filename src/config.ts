import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import type { ValueOf } from './config/kinds.ts';
import { llmFrom, unreadIn } from './config/llm.ts';
import { misspeltIn } from './config/misspelt.ts';
import { type Environment, listFrom, namesOf, numbersFrom, readVariables } from './config/reading.ts';
import { retiredIn } from './config/retired.ts';
import { storeFrom } from './config/store.ts';
import { variables } from './config/variables.ts';
import { dayMs } from './durations.ts';
import { inLanguage, type Language, type Text, text, textOf } from './messages/text.ts';

type Values = { readonly [Name in keyof typeof variables]: ValueOf<(typeof variables)[Name]> };

export type { Environment };
export type Strategy = Exclude<Values['STRATEGY'], ''>;
export type Config = ReturnType<typeof configFrom>;

/** All errors of the configuration at once. */
export class ConfigError extends Error {
  readonly problems: readonly Text[];

  constructor(problems: readonly Text[]) {
    super(listOf(problems, 'en'));
    this.problems = problems;
  }

  /** All of them, for the operator. */
  inLanguage(language: Language): string {
    return listOf(this.problems, language);
  }
}

function listOf(problems: readonly Text[], language: Language): string {
  const head = text('The configuration has {count} {count|problem|problems}:', { count: problems.length });
  return [head, ...problems]
    .map((one, at) => `${at > 0 ? '  - ' : ''}${inLanguage(language, one)}`)
    .join('\n');
}

export const settingNames: readonly string[] = namesOf(variables);

/**
 * Arguments override the process environment, which overrides a `.env` file in the working directory. `defaults` count
 * where all of them are silent.
 * @throws ConfigError
 */
export function loadConfig(file = '.env', args: Environment = {}, defaults: Environment = {}): Config {
  return configFrom({ ...defaults, ...readEnvFile(file), ...process.env, ...args });
}

/** What the user's system says about the user, beside settings. */
export function userEnvironment(): Environment {
  return process.env;
}

/**
 * The key for another server, from the same sources. Other settings may be wrong.
 * @throws ConfigError
 */
export function loadClientKey(file = '.env'): string {
  const problems: Text[] = [];
  const { ALBUM_API_KEY } = variables;
  const values = readVariables({ ALBUM_API_KEY }, { ...readEnvFile(file), ...process.env }, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return values.ALBUM_API_KEY;
}

function readEnvFile(file: string): Environment {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new ConfigError([text("{file} can't be read: {code}", { file, code })]);
  }
}

const megabyte = 1_000_000;

/** @throws ConfigError */
export function configFrom(environment: Environment) {
  const unreadable: Text[] = [];
  const values = readVariables(variables, environment, unreadable);
  if (unreadable.length > 0) throw new ConfigError(unreadable);
  const problems: Text[] = [];
  const llm = llmFrom(values, environment, problems);
  const store = storeFrom(values, problems);
  const strategy = strategyFrom(values, llm !== undefined);
  problems.push(...crossChecks(values, strategy, llm !== undefined));
  if (strategy === 'llm-only' && llm?.providers.some(({ lane }) => lane === 'album'))
    problems.push(textOf('LANE=album needs the local model, which STRATEGY=llm-only switches off'));
  if (problems.length > 0) throw new ConfigError(problems);
  const cores = availableParallelism();
  const workers = values.WORKERS ?? cores;
  return Object.freeze({
    /** Shown to the operator at the start. */
    warnings: [...retiredIn(environment), ...misspeltIn(environment), ...unreadIn(values)],
    host: values.APP_HOST,
    port: values.APP_PORT,
    workers,
    inference: {
      /** Per worker; all workers together have INFERENCE_PROCESSES, each at least one. */
      processes: Math.max(1, Math.floor((values.INFERENCE_PROCESSES ?? cores) / workers)),
      queue: values.INFERENCE_QUEUE,
      jobTimeoutMs: values.DECODE_TIMEOUT * 1000,
      maxRssBytes: values.DECODE_MEMORY_MB * megabyte,
      modelDir: values.MODEL_DIR,
    },
    drainTimeoutMs: values.DRAIN_TIMEOUT * 1000,
    shutdownGraceMs: (values.SHUTDOWN_GRACE ?? (process.stdout.isTTY ? 0 : 5)) * 1000,
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT },
    commit: values.BUILD_COMMIT || undefined,
    timeZone: values.TIME_ZONE,
    http: httpFrom(values),
    limits: limitsFrom(values),
    store,
    journal: {
      /** An embedded database that fails is on a disk that fails: then writes wait in memory. */
      folder: store.kind === 'sqlite' ? undefined : values.JOURNAL_DIR || dirname(values.SQLITE_FILE),
      maxBytes: values.JOURNAL_MAX_MB * megabyte,
    },
    claimTrust: values.CLAIM_TRUST,
    cache: {
      epoch: values.CACHE_EPOCH,
      provisionalMs: values.PROVISIONAL_TTL * 1000,
      memoryEntries: values.MEMORY_CACHE_ENTRIES,
      memoryMs: values.MEMORY_CACHE_TTL * 1000,
      /** Only answers of an LLM are worth a comparison. */
      nearDuplicates: values.NEAR_DUPLICATES !== 'off' && strategy !== 'local-only',
      recordsMs: values.LOG_RETENTION_DAYS * dayMs,
      resultsMs: values.RESULT_TTL * dayMs,
      maxResults: values.MAX_RESULTS,
    },
    strategy,
    localSure: numbersFrom(values.LOCAL_SURE),
    taxonomyFile: values.TAXONOMY_FILE || undefined,
    prompt: {
      ...(values.CLASSIFICATION_PROMPT !== '' && { custom: values.CLASSIFICATION_PROMPT }),
      language: values.DESCRIPTION_LANGUAGE,
      tags: values.LLM_TAGS,
    },
    llm,
    shadowPercent: values.SHADOW_PERCENT,
    hitRecords: values.HIT_RECORDS,
  });
}

function httpFrom(values: Values) {
  return {
    trustProxy: trustProxyFrom(values.TRUST_PROXY),
    opsToken: /[^\s,]/.test(values.OPS_TOKEN) ? values.OPS_TOKEN : undefined,
    /** File of the token that the start creates if none is configured. */
    opsTokenFile: join(dirname(values.SQLITE_FILE), 'ops-token'),
    clientRules: {
      apiKeys: values.API_KEYS,
      perUser: values.RATE_LIMIT_USER,
      perNetwork: values.RATE_LIMIT_NETWORK,
    },
    origins: { cors: listFrom(values.CORS_ORIGIN), uploads: listFrom(values.UPLOAD_ORIGINS) },
  };
}

function limitsFrom(values: Values) {
  return {
    fileBytes: values.MAX_IMAGE_SIZE_MB * megabyte,
    batchFiles: values.MAX_BATCH_FILES,
    batchBytes: values.MAX_BATCH_SIZE_MB * megabyte,
    uploadBudgetBytes: values.UPLOAD_BUDGET_MB * megabyte,
    pixels: values.MAX_MEGAPIXELS * 1_000_000,
    pixelsByKind: pixelsFrom(values.MEGAPIXEL_LIMITS),
    heic: values.HEIC !== false,
    minUploadRate: values.UPLOAD_MIN_RATE,
    singleMs: values.SINGLE_DEADLINE * 1000,
    batchMs: values.BATCH_DEADLINE * 1000,
  };
}

function pixelsFrom(value: string): Readonly<Record<string, number>> {
  const named = Object.entries(numbersFrom(value));
  return Object.fromEntries(named.map(([kind, megapixels = 0]) => [kind, megapixels * 1_000_000]));
}

function strategyFrom(values: Values, hasLlm: boolean): Strategy {
  if (values.STRATEGY !== '') return values.STRATEGY;
  if (!hasLlm || values.USE_LOCAL_INFERENCE === true) return 'local-only';
  return values.LOCAL_INFERENCE_FALLBACK === false ? 'llm-only' : 'llm-first';
}

function crossChecks(values: Values, strategy: Strategy, hasLlm: boolean): Text[] {
  const problems: Text[] = [];
  if (strategy !== 'local-only' && !hasLlm)
    problems.push(
      text('STRATEGY={strategy} needs a vision LLM: set LLM_API_KEY or LLM_BASE_URL', { strategy }),
    );
  if (values.MAX_BATCH_SIZE_MB < values.MAX_IMAGE_SIZE_MB)
    problems.push(textOf('MAX_BATCH_SIZE_MB must not be smaller than MAX_IMAGE_SIZE_MB'));
  if (values.UPLOAD_BUDGET_MB < values.MAX_IMAGE_SIZE_MB)
    problems.push(textOf('UPLOAD_BUDGET_MB must not be smaller than MAX_IMAGE_SIZE_MB'));
  try {
    new Intl.DateTimeFormat('en', { timeZone: values.TIME_ZONE });
  } catch {
    problems.push(
      text('{name} must be {accepted}, not {value}', {
        ...{ name: 'TIME_ZONE', accepted: { sentence: 'an IANA time zone' } },
        value: JSON.stringify(values.TIME_ZONE),
      }),
    );
  }
  return problems;
}

/** None, a number of hops, or a list of addresses and ranges. */
function trustProxyFrom(value: string): false | number | string[] {
  if (value === '') return false;
  return /^\d+$/.test(value) ? Number(value) : listFrom(value);
}
