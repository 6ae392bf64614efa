import { join, resolve } from 'node:path';
import type { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { type Language, type Message, text as textWith } from '../messages/text.ts';
import type { Sorting } from './album/place-file.ts';
import type { OutputForm } from './album/rows.ts';
import { readConfigFile, type Setting } from './config-file.ts';
import type { Invocation } from './invocation.ts';
import { loadAlbumConfig } from './load-config.ts';
import { maxCostFrom } from './max-cost.ts';
import { UsageError } from './usage-error.ts';

/** What one run of `classify` is to do. */
export interface Settings {
  readonly paths: readonly string[];
  /** A server's address; in this process where absent. */
  readonly server: string | undefined;
  readonly user: string | undefined;
  /** Adaptive where absent. */
  readonly concurrency: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxWaitMs: number | undefined;
  readonly maxRetries: number | undefined;
  /** Most money of this run, in whole currency units. Undefined: the budgets of the configuration alone apply. */
  readonly maxCost: number | undefined;
  readonly output: OutputForm;
  readonly sort:
    | {
        readonly sorting: Sorting;
        readonly into: string;
        readonly apply: boolean;
        /** Photos with a lower confidence stay where they are. */
        readonly minConfidence: number;
        readonly logFolder: string;
      }
    | undefined;
  /** Undefined: none is kept. */
  readonly journal: string | undefined;
  /** Repeats finished photos of the journal. */
  readonly fresh: boolean;
  /** Do again what a weaker model had to answer. */
  readonly redoDegraded: boolean;
  /** Whether photos may wait for answers at half price. */
  readonly lane: 'album' | undefined;
  /** Waits for these answers, also where a server goes on without this run. */
  readonly waits: boolean;
  readonly hidden: boolean;
  readonly ignore: readonly string[];
  readonly noIgnoreFiles: boolean;
  readonly showsProgress: boolean;
  /** Writes nothing to standard error but errors. */
  readonly isQuiet: boolean;
  /** Classifies nothing, and shows which photos it would classify. */
  readonly isDryRun: boolean;
  readonly language: Language;
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly loadConfig: () => Config;
  /** Shown to the user before the run starts. */
  readonly notices: readonly Message[];
}

const journalName = 'album-journal.ndjson';
export const defaultJournal = `./data/${journalName}`;

const flag = { type: 'boolean', default: false } as const;
const text = { type: 'string' } as const;

export const classifyFlags = {
  server: text,
  user: text,
  concurrency: { ...text, short: 'c' },
  'max-concurrent': text,
  timeout: text,
  'max-wait-time': text,
  'max-retries': text,
  'max-cost': text,
  config: text,
  table: flag,
  json: flag,
  ndjson: flag,
  csv: flag,
  move: text,
  copy: text,
  link: text,
  apply: flag,
  'min-confidence': text,
  data: text,
  lang: text,
  quiet: { ...flag, short: 'q' },
  'dry-run': flag,
  journal: text,
  'no-journal': flag,
  fresh: flag,
  'redo-degraded': flag,
  'full-price': flag,
  wait: flag,
  hidden: flag,
  ignore: { ...text, multiple: true },
  'no-ignore': flag,
  'no-progress': flag,
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof classifyFlags }>>['values'];

const bounds: Record<Setting, { min: number; max: number; isWhole: boolean }> = {
  max_concurrent: { min: 1, max: 256, isWhole: true },
  max_wait_time: { min: 1, max: 86_400, isWhole: false },
  max_retries: { min: 0, max: 9, isWhole: true },
  timeout: { min: 0.1, max: 600, isWhole: false },
};

export interface Surroundings {
  /** Whether results go to a terminal. */
  readonly isTerminal: boolean;
  /** Standard output is a pipe, whose other end may write to the same terminal. */
  readonly isPipe?: boolean;
  readonly invocation: Invocation;
}

/** @throws UsageError */
export function settingsFrom(
  paths: readonly string[],
  flags: Flags,
  { isTerminal, isPipe = false, invocation }: Surroundings,
): Settings {
  const at = (path: string) => resolve(invocation.folder, path);
  const { values: file, notices } =
    flags.config === undefined ? { values: {}, notices: [] } : readConfigFile(at(flags.config), flags.config);
  if (flags.server !== undefined && flags['max-cost'] !== undefined)
    throw new UsageError('--max-cost goes without --server: a server pays, within its own LLM_BUDGET_*');
  const data = flags.data === undefined ? undefined : at(flags.data);
  const dataFolder = data ?? invocation.dataFolder;
  const number = (name: Setting, ...given: (keyof Flags & string)[]) => {
    const key = given.find((one) => flags[one] !== undefined);
    if (key !== undefined) return bounded(`--${key}`, Number(flags[key] || Number.NaN), name);
    return file[name] === undefined ? undefined : bounded(`${flags.config}: ${name}`, file[name], name);
  };
  const output = atMostOne(flags, ['table', 'json', 'ndjson', 'csv']) ?? (isTerminal ? 'table' : 'ndjson');
  const isMixed = isPipe && (output === 'csv' || output === 'ndjson');
  const milliseconds = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);
  return {
    paths,
    server: flags.server === undefined ? undefined : serverAddress(flags.server),
    user: flags.user,
    concurrency: number('max_concurrent', 'concurrency', 'max-concurrent'),
    timeoutMs: milliseconds(number('timeout', 'timeout')),
    maxWaitMs: milliseconds(number('max_wait_time', 'max-wait-time')),
    maxRetries: number('max_retries', 'max-retries'),
    maxCost: maxCostFrom(flags['max-cost']),
    output,
    sort: sortFrom(flags, at, moveLogFolder(dataFolder)),
    journal: flags['no-journal'] ? undefined : journalFrom(flags.journal, dataFolder, at),
    fresh: flags.fresh,
    redoDegraded: flags['redo-degraded'],
    lane: flags['full-price'] ? undefined : 'album',
    waits: flags.wait,
    hidden: flags.hidden,
    ignore: flags.ignore ?? [],
    noIgnoreFiles: flags['no-ignore'],
    showsProgress: !flags['no-progress'] && !flags.quiet && !isMixed,
    isQuiet: flags.quiet,
    isDryRun: flags['dry-run'],
    language: languageFrom(flags.lang, invocation),
    folder: invocation.folder,
    loadConfig: () => loadAlbumConfig(invocation, data),
    notices,
  };
}

/** Where runs that move files keep their logs. */
export function moveLogFolder(dataFolder: string | undefined): string {
  return join(dataFolder ?? './data', 'moves');
}

function journalFrom(
  named: string | undefined,
  dataFolder: string | undefined,
  at: (path: string) => string,
): string {
  if (named !== undefined) return at(named);
  return dataFolder === undefined ? defaultJournal : join(dataFolder, journalName);
}

function languageFrom(named: string | undefined, { language }: Invocation): Language {
  if (named === undefined) return language;
  if (named === 'en' || named === 'zh') return named;
  throw new UsageError('--lang must be en or zh');
}

function sortFrom(flags: Flags, at: (path: string) => string, logFolder: string): Settings['sort'] {
  const sorting = atMostOne(flags, ['move', 'copy', 'link']);
  const into = sorting && flags[sorting];
  if (sorting && into) {
    const minConfidence = Number(flags['min-confidence'] ?? 0);
    if (!(minConfidence >= 0 && minConfidence <= 1))
      throw new UsageError('--min-confidence must be a number from 0 to 1');
    return { sorting, into: at(into), apply: flags.apply, minConfidence, logFolder };
  }
  if (sorting)
    throw new UsageError(textWith('{option} needs a folder to sort into', { option: `--${sorting}` }));
  for (const name of ['apply', 'min-confidence'] as const)
    if (flags[name])
      throw new UsageError(textWith('{option} goes with --move, --copy or --link', { option: `--${name}` }));
  return undefined;
}

function atMostOne<Name extends keyof Flags>(flags: Flags, names: readonly Name[]): Name | undefined {
  const given = names.filter((name) => flags[name] !== undefined && flags[name] !== false);
  if (given.length > 1)
    throw new UsageError(
      textWith('{options} exclude each other', { options: given.map((name) => `--${name}`).join(', ') }),
    );
  return given[0];
}

function serverAddress(address: string): string {
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UsageError('--server must be an address such as http://localhost:8000');
  // They would stand in messages and in the journal, and no request carries them.
  if (url.username || url.password || url.search || url.hash)
    throw new UsageError('--server takes no user, password or query; an API key goes into ALBUM_API_KEY');
  return url.href.replace(/\/$/, '');
}

function bounded(what: string, value: unknown, name: Setting): number {
  const { min, max, isWhole } = bounds[name];
  if (typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value)))
    return value;
  throw new UsageError(
    isWhole
      ? textWith('{what} must be a whole number from {min} to {max}', { what, min, max })
      : textWith('{what} must be a number from {min} to {max}', { what, min, max }),
  );
}
