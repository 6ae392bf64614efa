import { createHash, hash as hashOnce } from 'node:crypto';
import { createReadStream, type PathLike, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AlbumPhoto } from '../../client/photo.ts';
import type { Say } from '../../messages/text.ts';
import type { FoundFile } from './photo-files.ts';

/** A photo in a file. */
export interface FilePhoto extends AlbumPhoto {
  /** As the user named it, or as it was found below a folder that the user named. */
  readonly file: string;
  /** Absolute. Names the photo in the journal. */
  readonly path: string;
  /** Whether `path` is also the name of the file. Otherwise that is no UTF-8. */
  readonly isNamedByPath: boolean;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

export function filePhoto({ file, location }: FoundFile, say: Say): FilePhoto {
  const readable = <T>(reading: Promise<T>) => orUnreadable(reading, say);
  const stat = statSync(location, { throwIfNoEntry: false });
  return {
    file,
    path: typeof location === 'string' ? location : location.toString('latin1'),
    isNamedByPath: typeof location === 'string',
    name: basename(file),
    sizeBytes: stat?.size ?? 0,
    mtimeMs: stat?.mtimeMs ?? 0,
    hash: () =>
      readable(stat && stat.size <= smallBytes ? sha256OfSmallFile(location) : sha256OfFile(location)),
    read: () => readable(readFile(location)),
  };
}

/** Read in one piece: a stream costs many times what the hash itself does. */
const smallBytes = 4_000_000;

async function sha256OfSmallFile(path: PathLike): Promise<string> {
  return hashOnce('sha256', await readFile(path));
}

export async function sha256OfFile(path: PathLike): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function orUnreadable<T>(reading: Promise<T>, say: Say): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new Error(say("The file can't be read ({code}).", { code }));
  }
}
