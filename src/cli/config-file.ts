import { readFileSync } from 'node:fs';
import { type Message, text } from '../messages/text.ts';
import { UsageError } from './usage-error.ts';

const settings = ['max_concurrent', 'max_wait_time', 'max_retries', 'timeout'] as const;
export type Setting = (typeof settings)[number];

export interface ConfigFile {
  readonly values: Partial<Record<Setting, unknown>>;
  /** What the file says and this command ignores. */
  readonly notices: readonly Message[];
}

/** The section that holds these settings in files of several programs. */
const section = 'image_generation';

/**
 * Reads `--config`: settings at the top level, or in the section of a file that other programs read too.
 * @param name the path as the user wrote it
 * @throws UsageError
 */
export function readConfigFile(path: string, name: string): ConfigFile {
  const whole = objectIn(path, name);
  const inner = whole[section];
  if (inner !== undefined && !isObject(inner))
    throw new UsageError(text('{file}: {section} must be a JSON object', { file: name, section }));
  const values = inner ?? whole;
  const unknown = Object.keys(values).filter((key) => !isSetting(key) && key !== 'poll_interval');
  // A section belongs to another program first: it may hold that program's own settings.
  if (unknown.length > 0 && inner === undefined)
    throw new UsageError(
      text('{file}: {unknown} is not known; there are {known}', {
        file: name,
        unknown: unknown.join(', '),
        known: settings.join(', '),
      }),
    );
  return {
    values: Object.fromEntries(Object.entries(values).filter(([key]) => isSetting(key))),
    notices: [
      ...unknown.map((key) =>
        text('{file}: {setting} is ignored.', { file: name, setting: `${section}.${key}` }),
      ),
      ...('poll_interval' in values
        ? (['poll_interval is ignored: there is no job queue that could be polled.'] as const)
        : []),
    ],
  };
}

function objectIn(path: string, name: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code
        ? text("{file} can't be read: {code}", { file: name, code })
        : text('{file} is no JSON', { file: name }),
    );
  }
  if (!isObject(parsed)) throw new UsageError(text('{file} must hold a JSON object', { file: name }));
  return parsed;
}

const isSetting = (key: string): key is Setting => (settings as readonly string[]).includes(key);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
