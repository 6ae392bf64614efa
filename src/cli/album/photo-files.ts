import { isUtf8 } from 'node:buffer';
import { type Dirent, globSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { type Message, text } from '../../messages/text.ts';
import { BlockedError, UsageError } from '../usage-error.ts';

export interface WalkOptions {
  /** The folder that relative paths start from. Default: the working folder. */
  readonly folder?: string;
  /** Includes files and folders whose name begins with a dot. */
  readonly hidden?: boolean;
  /** Patterns as in .gitignore. */
  readonly ignore?: readonly string[];
  /** Doesn't read ignore files. */
  readonly noIgnoreFiles?: boolean;
  /** A folder to leave out: the one that sorted photos go to. */
  readonly except?: string | undefined;
  /** Called for a folder below a named one that can't be read. */
  readonly onUnreadable?: (problem: Message) => void;
}

export interface FoundFile {
  /** As the user named it, or as it was found below a folder that the user named. */
  readonly file: string;
  /** Absolute. Bytes where the name is no UTF-8. */
  readonly location: string | Buffer;
}

export const leftOutKinds = ['videos', 'raw', 'links', 'hidden', 'ignored', 'other'] as const;
export type LeftOut = Record<(typeof leftOutKinds)[number], number>;

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  /** Entries below named folders that were left out. A folder counts as one. */
  readonly leftOut: LeftOut;
}

const photoPattern = /\.(jpe?g|jfif|png|webp|gif|avif|heic|heif)$/i;
const videoPattern = /\.(mov|mp4|m4v|3gp|avi|mkv|webm|mts|m2ts|mpe?g)$/i;
const rawPattern = /\.(dng|cr2|cr3|nef|nrw|arw|raf|orf|rw2|pef|srw|raw|tiff?)$/i;
const ignoreFiles = ['.ignore', '.albumignore'];

interface Rules {
  /** Folder that its patterns are relative to. */
  readonly base: string;
  readonly matcher: Ignore;
}

/**
 * Files as they are named, globs as what they match, folders as the photo files anywhere below them, by extension. Links
 * below a folder are not followed. A folder that is named twice counts once.
 * @throws UsageError a path does not exist or is a folder that can't be read, or there is nothing to classify
 */
export function photoFiles(paths: readonly string[], options: WalkOptions = {}): FoundFiles {
  if (paths.length === 0) throw new UsageError('classify needs at least one file or folder');
  const { folder: base = process.cwd() } = options;
  const at = (path: string) => resolve(base, path);
  const except = options.except === undefined ? undefined : at(options.except);
  const found = new Map<string, FoundFile>();
  const leftOut: LeftOut = { videos: 0, raw: 0, links: 0, hidden: 0, ignored: 0, other: 0 };
  const own = ignore().add([...(options.ignore ?? [])]);

  function walk(folder: string, real: string, outer: readonly Rules[], onUnreadable = options.onUnreadable) {
    if (at(folder) === except) return;
    const rules = options.noIgnoreFiles ? outer : [...outer, ...rulesIn(at(folder))];
    for (const entry of entriesOf(at(folder), folder, onUnreadable)) {
      const name = entry.name.toString();
      const path = join(folder, name);
      const kind = kindOf(entry, name, options.hidden === true);
      if (kind !== undefined) leftOut[kind] += 1;
      else if (rules.some((one) => isIgnored(one, at(path), entry.isDirectory()))) leftOut.ignored += 1;
      else if (isUtf8(entry.name)) {
        if (entry.isDirectory()) walk(path, join(real, name), rules);
        else keep(join(real, name), { file: path, location: at(path) });
      } else if (entry.isDirectory())
        options.onUnreadable?.(text('{path}: the name of the folder is not UTF-8', { path }));
      else {
        const location = Buffer.concat([Buffer.from(`${at(folder)}/`), entry.name]);
        keep(location.toString('latin1'), { file: path, location });
      }
    }
  }

  const keep = (key: string, file: FoundFile) => found.has(key) || found.set(key, file);
  const refuse = (problem: Message) => {
    throw new BlockedError(problem);
  };

  for (const path of paths.flatMap((one) => expanded(one, base))) {
    const location = at(path);
    if (statSync(location).isDirectory())
      walk(path, realpathSync(location), [{ base: location, matcher: own }], refuse);
    else keep(join(realpathSync(dirname(location)), basename(location)), { file: path, location });
  }
  if (found.size === 0)
    throw new BlockedError(text('there are no photos in {paths}', { paths: paths.join(', ') }));
  return { files: [...found.values()], leftOut };
}

/** Why an entry of a folder is left out; undefined for a photo and for a folder. */
function kindOf(
  entry: Dirent<Buffer>,
  name: string,
  includesHidden: boolean,
): Exclude<keyof LeftOut, 'ignored'> | undefined {
  if (!includesHidden && name.startsWith('.')) return 'hidden';
  if (entry.isSymbolicLink()) return 'links';
  if (entry.isDirectory() || (entry.isFile() && photoPattern.test(name))) return undefined;
  if (videoPattern.test(name)) return 'videos';
  return rawPattern.test(name) ? 'raw' : 'other';
}

/** A path that exists is itself, whatever its name looks like. */
function expanded(path: string, base: string): string[] {
  const at = (one: string) => resolve(base, one);
  if (path !== '' && lstatSync(at(path), { throwIfNoEntry: false })) {
    if (statSync(at(path), { throwIfNoEntry: false })) return [path];
    throw new BlockedError(text('{path} is a link to nothing', { path }));
  }
  const matches = /[*?[{]/.test(path) ? globSync(path, { cwd: base }).sort() : [];
  if (matches.length === 0)
    throw new BlockedError(
      path === '' ? 'a path without a name does not exist' : text('{path} does not exist', { path }),
    );
  return matches.filter((match) => photoPattern.test(match) || statSync(at(match)).isDirectory());
}

function entriesOf(location: string, folder: string, onUnreadable: WalkOptions['onUnreadable']) {
  try {
    const entries = readdirSync(location, { withFileTypes: true, encoding: 'buffer' });
    return entries.sort((a, b) => Buffer.compare(a.name, b.name));
  } catch (error) {
    onUnreadable?.(
      text("{file} can't be read: {code}", {
        file: folder,
        code: (error as NodeJS.ErrnoException).code ?? 'unknown',
      }),
    );
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
