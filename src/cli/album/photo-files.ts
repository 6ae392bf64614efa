import { globSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { UsageError } from '../usage-error.ts';

export interface WalkOptions {
  /** Files and folders whose name begins with a dot too. */
  readonly hidden?: boolean;
  /** Patterns in the manner of .gitignore. */
  readonly ignore?: readonly string[];
  /** Don't read ignore files. */
  readonly noIgnoreFiles?: boolean;
  /** A folder that is left out: where sorted photos go. */
  readonly except?: string | undefined;
  /** Of a folder below a named one: it is left out. */
  readonly onUnreadable?: (problem: string) => void;
}

const photoPattern = /\.(jpe?g|jfif|png|webp|gif|avif|heic|heif)$/i;
const ignoreFiles = ['.ignore', '.albumignore'];

interface Rules {
  /** Folder that its patterns are relative to. */
  readonly base: string;
  readonly matcher: Ignore;
}

/**
 * Files as they are named, globs as what they match, folders as the photo files anywhere below them, by extension.
 * Links below a folder are not followed, and a folder that is named twice counts once, so nothing is found twice.
 * @throws UsageError a path does not exist or is a folder that can't be read, or there is nothing to classify
 */
export function photoFiles(paths: readonly string[], options: WalkOptions = {}): string[] {
  if (paths.length === 0) throw new UsageError('classify needs at least one file or folder');
  const except = options.except === undefined ? undefined : resolve(options.except);
  const found = new Map<string, string>();
  const own = ignore().add([...(options.ignore ?? [])]);

  function walk(folder: string, real: string, outer: readonly Rules[], onUnreadable = options.onUnreadable) {
    if (resolve(folder) === except) return;
    const rules = options.noIgnoreFiles ? outer : [...outer, ...rulesIn(folder)];
    for (const entry of entriesOf(folder, onUnreadable)) {
      const path = join(folder, entry.name);
      if (!options.hidden && entry.name.startsWith('.')) continue;
      if (rules.some((one) => isIgnored(one, path, entry.isDirectory()))) continue;
      const key = join(real, entry.name);
      if (entry.isDirectory()) walk(path, key, rules);
      else if (entry.isFile() && photoPattern.test(entry.name)) keep(key, path);
    }
  }

  const keep = (key: string, path: string) => found.has(key) || found.set(key, path);
  const refuse = (problem: string) => {
    throw new UsageError(problem);
  };

  for (const path of paths.flatMap(expanded)) {
    if (statSync(path).isDirectory()) walk(path, realpathSync(path), [{ base: path, matcher: own }], refuse);
    else keep(join(realpathSync(dirname(path)), basename(path)), path);
  }
  if (found.size === 0) throw new UsageError(`there are no photos in ${paths.join(', ')}`);
  return [...found.values()];
}

/** A path that exists is itself, whatever its name looks like. */
function expanded(path: string): string[] {
  if (lstatSync(path, { throwIfNoEntry: false })) {
    if (statSync(path, { throwIfNoEntry: false })) return [path];
    throw new UsageError(`${path} is a link to nothing`);
  }
  const matches = /[*?[{]/.test(path) ? globSync(path).sort() : [];
  if (matches.length === 0)
    throw new UsageError(`${path === '' ? 'a path without a name' : path} does not exist`);
  return matches.filter((match) => photoPattern.test(match) || statSync(match).isDirectory());
}

function entriesOf(folder: string, onUnreadable: WalkOptions['onUnreadable']) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    onUnreadable?.(`${folder} can't be read: ${(error as NodeJS.ErrnoException).code}`);
    return [];
  }
}

function rulesIn(folder: string): Rules[] {
  return ignoreFiles.flatMap((name) => {
    try {
      return [{ base: folder, matcher: ignore().add(readFileSync(join(folder, name), 'utf8')) }];
    } catch {
      return [];
    }
  });
}

function isIgnored({ base, matcher }: Rules, path: string, isFolder: boolean): boolean {
  return matcher.ignores(`${relative(base, path)}${isFolder ? '/' : ''}`);
}
