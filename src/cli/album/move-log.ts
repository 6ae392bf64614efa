import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from '../../messages/text.ts';
import { BlockedError } from '../usage-error.ts';

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly sha256: string;
}

/** Every move of one run, so that `undo` can take them back. */
export interface MoveLog {
  readonly file: string;
  add(move: Move): void;
  close(): void;
}

const suffix = '.moves.ndjson';

/** Opens a log of its own for a run. */
export function openMoveLog(folder: string, now = new Date()): MoveLog {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${now.toISOString().replaceAll(':', '-')}${suffix}`);
  const handle = openSync(file, 'ax', 0o600);
  return {
    file,
    add: (move) => void writeSync(handle, `${JSON.stringify(move)}\n`),
    close: () => closeSync(handle),
  };
}

/** The log of the last run whose moves were not taken back. @throws UsageError there is none */
export function lastMoveLog(folder: string): string {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // No run has moved anything.
  }
  const last = names
    .filter((name) => name.endsWith(suffix))
    .sort()
    .at(-1);
  if (last === undefined) throw new BlockedError('there is no move to undo');
  return join(folder, last);
}

/** @throws UsageError it can't be read */
export function readMoveLog(file: string): Move[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BlockedError(
      code
        ? text("{file} can't be read: {code}", { file, code })
        : text('{file} is no log of moves', { file }),
    );
  }
}

/** From now on the log doesn't count as the last one. */
export function markUndone(file: string): void {
  renameSync(file, `${file}.undone`);
}
