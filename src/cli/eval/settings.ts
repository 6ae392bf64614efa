import { join, resolve } from 'node:path';
import type { parseArgs } from 'node:util';
import type { Config } from '../../config.ts';
import type { WalkOptions } from '../album/photo-files.ts';
import type { Invocation } from '../invocation.ts';
import { loadAlbumConfig } from '../load-config.ts';
import { maxCostFrom } from '../max-cost.ts';
import { UsageError } from '../usage-error.ts';

/** What one run of `eval` is to do. */
export interface EvalSettings extends WalkOptions {
  /** A folder, or a table of files; as the user wrote it. */
  readonly path: string;
  /** The folder that relative paths start from. */
  readonly folder: string;
  /** Further models of vision LLMs: of the first provider, or of a named one. */
  readonly models: readonly { readonly provider: string | undefined; readonly model: string }[];
  /** Folders of further local models. */
  readonly modelFolders: readonly string[];
  /** Most money, in whole currency units. Undefined: no LLM is asked. */
  readonly maxCost: number | undefined;
  /** Accuracy to reach, 0 to 1. */
  readonly target: number | undefined;
  /** File of the HTML report. */
  readonly report: string | undefined;
  readonly hasThumbnails: boolean;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly showsProgress: boolean;
  /** Where answers are kept. */
  readonly answersFile: string;
  readonly loadConfig: () => Config;
}

const flag = { type: 'boolean', default: false } as const;
const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;

export const evalFlags = {
  model: texts,
  'model-dir': texts,
  'max-cost': text,
  target: text,
  report: text,
  thumbnails: flag,
  feedback: flag,
  json: flag,
  data: text,
  quiet: { ...flag, short: 'q' },
  hidden: flag,
  ignore: texts,
  'no-ignore': flag,
  'no-progress': flag,
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof evalFlags }>>['values'];

/** @throws UsageError */
export function evalSettingsFrom(
  [path, ...more]: readonly string[],
  flags: Flags,
  invocation: Invocation,
): EvalSettings {
  if (path === undefined || more.length > 0)
    throw new UsageError('eval needs one folder of categories, or one table of files and categories');
  if (flags.thumbnails && flags.report === undefined) throw new UsageError('--thumbnails goes with --report');
  const at = (one: string) => resolve(invocation.folder, one);
  const data = flags.data === undefined ? undefined : at(flags.data);
  return {
    path,
    folder: invocation.folder,
    models: (flags.model ?? []).map(namedModel),
    modelFolders: (flags['model-dir'] ?? []).map(at),
    maxCost: maxCostFrom(flags['max-cost']),
    target: targetFrom(flags.target),
    report: flags.report === undefined ? undefined : at(flags.report),
    hasThumbnails: flags.thumbnails,
    isJson: flags.json,
    isQuiet: flags.quiet,
    showsProgress: !flags['no-progress'] && !flags.quiet,
    hidden: flags.hidden,
    ignore: flags.ignore ?? [],
    noIgnoreFiles: flags['no-ignore'],
    answersFile: join(data ?? invocation.dataFolder ?? './data', 'eval-answers.ndjson'),
    loadConfig: () => loadAlbumConfig(invocation, data),
  };
}

/** `gpt-4.1-nano` or `openai=gpt-4.1-nano`: names of models hold colons and slashes, but no equals sign. */
function namedModel(written: string): EvalSettings['models'][number] {
  const [first = '', second] = written.split('=');
  return second === undefined ? { provider: undefined, model: first } : { provider: first, model: second };
}

function targetFrom(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const value = Number(written || Number.NaN);
  if (value >= 0 && value <= 1) return value;
  throw new UsageError('--target must be a number from 0 to 1, such as 0.975');
}
