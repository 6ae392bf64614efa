import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises';
import { join, parse } from 'node:path';
import {
  inLanguage,
  type Message,
  type PlainSentence,
  type Text,
  text,
  textOf,
} from '../../messages/text.ts';
import { type FilePhoto, sha256OfFile } from './file-photo.ts';

export type Sorting = 'move' | 'copy' | 'link';

/** What a file was when it was classified or moved. */
export type SourceFile = Pick<FilePhoto, 'path' | 'name' | 'sizeBytes' | 'mtimeMs'>;

export interface Placed {
  readonly path: string;
  /** It was there before, so nothing was done. */
  readonly wasThere: boolean;
}

/** Why a file stays where it is. */
export class PlaceError extends Error {
  readonly text: Text;

  constructor(message: Message) {
    super(inLanguage('en', message));
    this.text = textOf(message);
  }
}

/** As many names are tried before one file is given up. */
const maxNames = 10_000;

/**
 * Puts a file into a folder under the first free name. It overwrites nothing. It removes the file only after all of it
 * has its new name; otherwise both are as before.
 * @param hash SHA-256 of the file when it was classified
 * @param names default: its own name, then that with a number
 * @throws PlaceError
 */
export async function placeFile(
  photo: SourceFile,
  hash: string,
  folder: string,
  sorting: Sorting,
  names: () => Iterable<string> = () => namesFor(photo.name),
): Promise<Placed> {
  try {
    await checkUnchanged(photo);
    await mkdir(folder, { recursive: true });
    const isThere = isThereFor(photo, hash, sorting);
    if (sorting === 'link')
      return await publish(names(), folder, (path) => symlink(photo.path, path), isThere);
    if (sorting === 'copy') return await copyInto(photo, hash, { folder, names, isThere });
    return await moveInto(photo, hash, { folder, names, isThere });
  } catch (error) {
    throw error instanceof PlaceError ? error : new PlaceError(reasonOf(error));
  }
}

type Create = (path: string) => Promise<void>;
type IsThere = (path: string) => Promise<boolean>;

/** @param create fails with EEXIST where the name is taken */
async function publish(
  names: Iterable<string>,
  folder: string,
  create: Create,
  isThere: IsThere,
): Promise<Placed> {
  for (const name of names) {
    const path = join(folder, name);
    try {
      await create(path);
      return { path, wasThere: false };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (await isThere(path)) return { path, wasThere: true };
    }
  }
  throw new PlaceError('a file of this name is there');
}

async function moveInto(photo: SourceFile, hash: string, target: Target): Promise<Placed> {
  const { folder, names, isThere } = target;
  let placed: Placed;
  try {
    placed = await publish(names(), folder, (path) => adopt(photo.path, path, 'keep'), isThere);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    placed = await copyInto(photo, hash, target);
  }
  if (placed.wasThere) return placed;
  try {
    await checkUnchanged(photo);
    await unlink(photo.path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return placed;
    // Both names would stay: rather none of it happened.
    await unlink(placed.path);
    throw error;
  }
  return placed;
}

interface Target {
  readonly folder: string;
  readonly names: () => Iterable<string>;
  readonly isThere: IsThere;
}

async function copyInto(
  photo: SourceFile,
  hash: string,
  { folder, names, isThere }: Target,
): Promise<Placed> {
  const first = join(folder, photo.name);
  if (await isThere(first).catch(() => false)) return { path: first, wasThere: true };
  const staged = join(folder, `.${randomBytes(8).toString('hex')}.part`);
  try {
    await copyFile(photo.path, staged, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if ((await sha256OfFile(staged)) !== hash) throw new PlaceError('it has changed since it was classified');
    const { atime, mtime } = await lstat(photo.path);
    await utimes(staged, atime, mtime);
    await synced(staged);
    const placed = await publish(names(), folder, (path) => adopt(staged, path, 'drop'), isThere);
    await synced(folder);
    return placed;
  } finally {
    await rm(staged, { force: true });
  }
}

/**
 * Gives a file another name, atomically and only where that is free.
 * @param old whether its first name may go already, where the file system knows no two names for one file
 */
async function adopt(from: string, path: string, old: 'keep' | 'drop'): Promise<void> {
  try {
    await link(from, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    // As if on another device: copied, verified, then renamed over a placeholder that only this run can have made.
    if (old === 'keep') throw Object.assign(new Error('no hard links'), { code: 'EXDEV' });
    await (await open(path, 'wx')).close();
    await rename(from, path);
  }
}

async function checkUnchanged({ path, sizeBytes, mtimeMs }: SourceFile): Promise<void> {
  const stat = await lstat(path);
  if (!stat.isFile()) throw new PlaceError('it is no regular file');
  if (stat.size !== sizeBytes || stat.mtimeMs !== mtimeMs)
    throw new PlaceError('it has changed since it was classified');
}

/** Whether what stands at a path is what a run would put there. */
export function isThereFor(photo: SourceFile, hash: string, sorting: Sorting): IsThere {
  if (sorting === 'link') return isLinkTo(photo);
  return sorting === 'copy' ? isSameContent(photo, hash) : isSameFile(photo);
}

function isSameFile({ path: source }: SourceFile): IsThere {
  return async (path) => {
    const [one, other] = await Promise.all([lstat(source), lstat(path)]);
    return one.dev === other.dev && one.ino === other.ino;
  };
}

function isSameContent(photo: SourceFile, hash: string): IsThere {
  return async (path) => {
    const stat = await lstat(path);
    return stat.isFile() && stat.size === photo.sizeBytes && (await sha256OfFile(path)) === hash;
  };
}

function isLinkTo({ path: source }: SourceFile): IsThere {
  return async (path) => (await lstat(path)).isSymbolicLink() && (await readlink(path)) === source;
}

/** Its own name, then that with a number. */
export function* namesFor(name: string): Generator<string> {
  yield name;
  const { name: stem, ext } = parse(name);
  for (let number = 2; number <= maxNames; number++) yield `${stem} (${number})${ext}`;
}

/** Until it is on the disk, a crash could lose it. */
async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP'].includes(codeOf(error))) throw error;
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

const reasons: Record<string, PlainSentence> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is missing',
  EPERM: 'the file system does not permit it',
  ENOENT: 'it is no longer there',
  ENOTDIR: 'a file stands where a folder should be',
  EEXIST: 'a file stands where a folder should be',
  ENAMETOOLONG: 'its name is too long there',
};

function reasonOf(error: unknown): Message {
  const code = codeOf(error);
  return reasons[code] ?? text('it failed ({code})', { code: code || 'unknown' });
}
