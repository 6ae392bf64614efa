import { hashOf } from '../../client/photo.ts';
import { inParallel } from './in-parallel.ts';
import type { LabelledFile } from './labelled-files.ts';
import type { Subject } from './run.ts';

const filesAtOnce = 4;

export interface HashedFiles {
  /** Each photo once, in the order of their hashes. */
  readonly subjects: readonly Subject[];
  /** Files that hold the same photo as another one. */
  readonly copies: number;
  /** Photos that lie in several categories, as pairs of files: they are left out. */
  readonly contradictions: readonly string[];
}

/** @param onUnreadable gets files that can't be read, with the reason */
export async function hashFiles(
  files: readonly LabelledFile[],
  onUnreadable: (file: string, reason: string) => void,
  stop: AbortSignal,
): Promise<HashedFiles> {
  const hashed: Subject[] = [];
  await inParallel(
    files,
    async ({ photo, category }) => {
      try {
        hashed.push({ photo, category, file: photo.file, sha256: await hashOf(photo) });
      } catch (error) {
        onUnreadable(photo.file, (error as Error).message);
      }
    },
    { atOnce: () => filesAtOnce, stop },
  );
  const groups = [...Map.groupBy(hashed, ({ sha256 }) => sha256).values()].map((group) =>
    group.toSorted((one, other) => (one.file < other.file ? -1 : 1)),
  );
  const isClear = (group: readonly Subject[]) =>
    group.every(({ category }) => category === group[0]?.category);
  const clear = groups.filter(isClear);
  return {
    subjects: clear
      .flatMap(([first]) => first ?? [])
      .toSorted((one, other) => (one.sha256 < other.sha256 ? -1 : 1)),
    copies: clear.reduce((sum, group) => sum + group.length - 1, 0),
    contradictions: groups
      .filter((group) => !isClear(group))
      .map((group) => group.map(({ file }) => file).join(' and ')),
  };
}
