import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FilePhoto } from './file-photo.ts';
import { PlaceError, placeFile, type Sorting } from './place-file.ts';

export interface SortOptions {
  readonly sorting: Sorting;
  /** Folder of the folders, one a category. */
  readonly into: string;
  /** Without it nothing is touched, and told what would be. */
  readonly apply: boolean;
  readonly tell: (line: string) => void;
}

export interface Sortable {
  readonly photo: FilePhoto;
  readonly hash: string;
  readonly category: string;
}

const words = {
  move: ['would move', 'moved'],
  copy: ['would copy', 'copied'],
  link: ['would link', 'linked'],
} as const;

/** A category comes from a server, and becomes the name of a folder. */
const folderPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/**
 * Sorts files into a folder for each category, one after another.
 * @returns how many could not be
 */
export async function sortFiles(
  files: readonly Sortable[],
  { sorting, into, apply, tell }: SortOptions,
): Promise<number> {
  const [future, past] = words[sorting];
  let placed = 0;
  let there = 0;
  let failed = 0;
  for (const { photo, hash, category } of files) {
    const folder = join(into, category);
    try {
      if (!folderPattern.test(category)) throw new PlaceError('its category is no name for a folder');
      if (!apply) {
        placed += 1;
        const path = join(folder, photo.name);
        tell(`${future} ${photo.file} → ${path}${existsSync(path) ? ' (or the next free name)' : ''}`);
        continue;
      }
      const { path, wasThere } = await placeFile(photo, hash, folder, sorting);
      if (wasThere) there += 1;
      else placed += 1;
      tell(wasThere ? `already there: ${photo.file} → ${path}` : `${past} ${photo.file} → ${path}`);
    } catch (error) {
      if (!(error instanceof PlaceError)) throw error;
      failed += 1;
      tell(`not ${past}: ${photo.file}: ${error.message}`);
    }
  }
  const parts = [`${placed} ${apply ? past : `files ${future.replace('would ', 'to ')}`}`];
  if (there > 0) parts.push(`${there} there already`);
  if (failed > 0) parts.push(`${failed} left where they are`);
  tell(parts.join(', '));
  if (!apply && placed > 0) tell('Nothing was touched: add --apply to do it.');
  return failed;
}
