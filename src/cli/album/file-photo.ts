import { createHash, hash as hashOnce } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AlbumPhoto } from '../../client/photo.ts';

/** A photo in a file. */
export interface FilePhoto extends AlbumPhoto {
  /** As the user named it, or as it was found below what the user named. */
  readonly file: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

export function filePhoto(file: string): FilePhoto {
  const path = resolve(file);
  const stat = statSync(path, { throwIfNoEntry: false });
  return {
    file,
    path,
    name: basename(file),
    sizeBytes: stat?.size ?? 0,
    mtimeMs: stat?.mtimeMs ?? 0,
    hash: () => readable(stat && stat.size <= smallBytes ? sha256OfSmallFile(path) : sha256OfFile(path)),
    read: () => readable(readFile(path)),
  };
}

/** Read in one piece: a stream costs many times what the hash itself does. */
const smallBytes = 4_000_000;

async function sha256OfSmallFile(path: string): Promise<string> {
  return hashOnce('sha256', await readFile(path));
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw new Error(`The file can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
}
