import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { languageOfSystem } from '../messages/language.ts';
import type { Language } from '../messages/text.ts';

/** How a user started the command line. */
export interface Invocation {
  /** A command that starts it again from the user's folder. */
  readonly command: string;
  /** The folder that relative paths on the command line start from. */
  readonly folder: string;
  /** Where it keeps its data; undefined for the folder of the server. */
  readonly dataFolder: string | undefined;
  readonly language: Language;
}

export interface Program {
  /** The file that runs. */
  readonly entry: string;
  readonly cwd: string;
  /** What `--lang` says. */
  readonly language?: Language | undefined;
}

/** npm runs scripts in the folder of the package, and names the user's own folder and the script. */
export function invocationOf(
  environment: Readonly<Record<string, string | undefined>>,
  { entry, cwd, language }: Program,
): Invocation {
  const { npm_package_name, npm_lifecycle_event: script, INIT_CWD } = environment;
  const isScript = npm_package_name === 'album-classifier' && (script === 'cli' || script === 'classify');
  const isInstalled = entry.endsWith('.js');
  return {
    command: isScript
      ? 'npm run -s cli --'
      : isInstalled
        ? `${script === 'npx' ? 'npx ' : ''}album-classifier`
        : `node ${relative(cwd, entry)}`,
    folder: isScript && INIT_CWD ? INIT_CWD : cwd,
    dataFolder: isInstalled ? userDataFolder(environment) : undefined,
    language: language ?? languageOfSystem(environment),
  };
}

/** XDG Base Directory Specification. A relative path there is invalid. */
function userDataFolder({ XDG_DATA_HOME }: Readonly<Record<string, string | undefined>>): string {
  const base = XDG_DATA_HOME?.startsWith('/') ? XDG_DATA_HOME : join(homedir(), '.local', 'share');
  return resolve(base, 'album-classifier');
}

/** An argument as a shell takes it. */
export function quoted(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
