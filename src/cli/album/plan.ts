import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isThereFor, type Placed, PlaceError, type Sorting, type SourceFile } from './place-file.ts';

/** What a run that is applied would do with one file after another. Touches nothing. */
export interface Plan {
  /** Where `placeFile` would put it. @throws PlaceError */
  place(photo: SourceFile, hash: string, folder: string, names: () => Iterable<string>): Promise<Placed>;
  /** The path is another file's from now on. */
  take(path: string): void;
  /** Whether an earlier file has it. */
  isTaken(path: string): boolean;
}

export function openPlan(sorting: Sorting): Plan {
  /** The hash, as far as it matters, of the file that would be there. */
  const taken = new Map<string, string>();
  return {
    async place(photo, hash, folder, names) {
      const isThere = isThereFor(photo, hash, sorting);
      for (const name of names()) {
        const path = join(folder, name);
        const planned = taken.get(path);
        if (planned === undefined && !(await exists(path))) {
          taken.set(path, hash);
          return { path, wasThere: false };
        }
        const wasThere =
          planned === undefined
            ? await isThere(path).catch(() => false)
            : sorting === 'copy' && planned === hash;
        if (wasThere) return { path, wasThere };
      }
      throw new PlaceError('a file of this name is there');
    },
    take: (path) => void taken.set(path, ''),
    isTaken: (path) => taken.has(path),
  };
}

/** A link to nothing takes a name too. */
const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );
