import { rmdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { sayIn } from '../messages/text.ts';
import { sha256OfFile } from './album/file-photo.ts';
import { lastMoveLog, type Move, markUndone, readMoveLog } from './album/move-log.ts';
import { PlaceError, placeFile } from './album/place-file.ts';
import { printable } from './album/rows.ts';
import type { Invocation } from './invocation.ts';
import { moveLogFolder } from './settings.ts';
import { UsageError } from './usage-error.ts';

export interface UndoOptions {
  readonly invocation: Invocation;
  /** Folder that `--data` names. */
  readonly data: string | undefined;
  readonly isQuiet: boolean;
}

/**
 * Moves files back where a run of `classify --move --apply` took them from. Overwrites nothing.
 * @returns exit code: 0 all are back, 1 some are not
 * @throws UsageError
 */
export async function undo(
  [named, ...rest]: readonly string[],
  { invocation, data, isQuiet }: UndoOptions,
): Promise<number> {
  if (rest.length > 0) throw new UsageError('undo takes the log of one run, or nothing for the last one');
  const say = sayIn(invocation.language);
  const folder = moveLogFolder(data ?? invocation.dataFolder);
  const file = named === undefined ? lastMoveLog(folder) : resolve(invocation.folder, named);
  const moves = readMoveLog(file);
  let back = 0;
  const failed: string[] = [];
  // The last move first: names that were free then are free again.
  for (const move of moves.toReversed()) {
    try {
      await moveBack(move);
      back += 1;
    } catch (error) {
      if (!(error instanceof PlaceError)) throw error;
      failed.push(say('not moved back: {file}: {reason}', { file: move.to, reason: error.text }));
    }
  }
  for (const folder of new Set(moves.map(({ to }) => dirname(to)))) await removeIfEmpty(folder);
  for (const line of failed) process.stderr.write(`${printable(line)}\n`);
  if (!isQuiet)
    process.stderr.write(
      `${say('{count} moved back, {failed} left where they are', { count: back, failed: failed.length })}\n`,
    );
  if (failed.length > 0) return 1;
  markUndone(file);
  return 0;
}

async function moveBack({ from, to, sha256 }: Move): Promise<void> {
  const known = await stat(to).catch(() => undefined);
  if (!known) {
    // An earlier undo may have done a part.
    if ((await sha256OfFile(from).catch(() => undefined)) === sha256) return;
    throw new PlaceError('it is no longer there');
  }
  if ((await sha256OfFile(to)) !== sha256) throw new PlaceError('it has changed since it was moved');
  const source = { path: to, name: basename(to), sizeBytes: known.size, mtimeMs: known.mtimeMs };
  await placeFile(source, sha256, dirname(from), 'move', () => [basename(from)]);
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}
