import { readFileSync } from 'node:fs';
import type { parseArgs } from 'node:util';
import type { Sorting } from './album/place-file.ts';
import type { OutputForm } from './album/rows.ts';
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
  readonly output: OutputForm;
  readonly sort: { readonly sorting: Sorting; readonly into: string; readonly apply: boolean } | undefined;
  /** Undefined: none is kept. */
  readonly journal: string | undefined;
  /** Do again what the journal says is done. */
  readonly fresh: boolean;
  /** Do again what a weaker model had to answer. */
  readonly redoDegraded: boolean;
  readonly hidden: boolean;
  readonly ignore: readonly string[];
  readonly noIgnoreFiles: boolean;
  readonly showsProgress: boolean;
  /** For the user, before anything begins. */
  readonly notices: readonly string[];
}

export const defaultJournal = './data/album-journal.ndjson';

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
  config: text,
  table: flag,
  json: flag,
  ndjson: flag,
  csv: flag,
  move: text,
  copy: text,
  link: text,
  apply: flag,
  journal: text,
  'no-journal': flag,
  fresh: flag,
  'redo-degraded': flag,
  hidden: flag,
  ignore: { ...text, multiple: true },
  'no-ignore': flag,
  'no-progress': flag,
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof classifyFlags }>>['values'];

const bounds = {
  max_concurrent: { min: 1, max: 256, isWhole: true },
  max_wait_time: { min: 1, max: 86_400, isWhole: false },
  max_retries: { min: 0, max: 9, isWhole: true },
  timeout: { min: 0.1, max: 600, isWhole: false },
} as const;

type Setting = keyof typeof bounds;

/** @throws UsageError */
export function settingsFrom(paths: readonly string[], flags: Flags, isTerminal: boolean): Settings {
  const file = flags.config === undefined ? {} : readConfigFile(flags.config);
  const number = (name: Setting, ...given: (keyof Flags & string)[]) => {
    const key = given.find((one) => flags[one] !== undefined);
    if (key !== undefined) return bounded(`--${key}`, Number(flags[key] || Number.NaN), name);
    return file[name] === undefined ? undefined : bounded(`${flags.config}: ${name}`, file[name], name);
  };
  const milliseconds = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);
  return {
    paths,
    server: flags.server === undefined ? undefined : serverAddress(flags.server),
    user: flags.user,
    concurrency: number('max_concurrent', 'concurrency', 'max-concurrent'),
    timeoutMs: milliseconds(number('timeout', 'timeout')),
    maxWaitMs: milliseconds(number('max_wait_time', 'max-wait-time')),
    maxRetries: number('max_retries', 'max-retries'),
    output: atMostOne(flags, ['table', 'json', 'ndjson', 'csv']) ?? (isTerminal ? 'table' : 'ndjson'),
    sort: sortFrom(flags),
    journal: flags['no-journal'] ? undefined : (flags.journal ?? defaultJournal),
    fresh: flags.fresh,
    redoDegraded: flags['redo-degraded'],
    hidden: flags.hidden,
    ignore: flags.ignore ?? [],
    noIgnoreFiles: flags['no-ignore'],
    showsProgress: !flags['no-progress'],
    notices:
      'poll_interval' in file
        ? ['poll_interval is ignored: there is no job queue that could be polled.']
        : [],
  };
}

function sortFrom(flags: Flags): Settings['sort'] {
  const sorting = atMostOne(flags, ['move', 'copy', 'link']);
  const into = sorting && flags[sorting];
  if (sorting && into) return { sorting, into, apply: flags.apply };
  if (sorting) throw new UsageError(`--${sorting} needs a folder to sort into`);
  if (flags.apply) throw new UsageError('--apply goes with --move, --copy or --link');
  return undefined;
}

function atMostOne<Name extends keyof Flags>(flags: Flags, names: readonly Name[]): Name | undefined {
  const given = names.filter((name) => flags[name] !== undefined && flags[name] !== false);
  if (given.length > 1)
    throw new UsageError(`${given.map((name) => `--${name}`).join(' and ')} exclude each other`);
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
  throw new UsageError(`${what} must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`);
}

function readConfigFile(file: string): Partial<Record<Setting | 'poll_interval', unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} ${code ? `can't be read: ${code}` : 'is no JSON'}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UsageError(`${file} must hold a JSON object`);
  const unknown = Object.keys(parsed).filter((key) => !(key in bounds) && key !== 'poll_interval');
  if (unknown.length > 0)
    throw new UsageError(
      `${file}: ${unknown.join(', ')} is not known; there are ${Object.keys(bounds).join(', ')}`,
    );
  return parsed;
}
