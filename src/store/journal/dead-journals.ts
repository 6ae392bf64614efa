import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../sqlite/database.ts';
import { type JournalFile, openJournalFile } from './journal-file.ts';

const pattern = /^journal-[0-9a-f]{16}\.db$/;
const brokenCodes = new Set([11, 26]); // CORRUPT, NOTADB

export interface DeadJournal {
  readonly path: string;
  readonly file: JournalFile;
}

/**
 * Opens the journals in the folder that no process has open: their owners are dead. Those that are empty are deleted.
 * @param isOwn whether this process has it open
 * @param onBroken a journal is not readable, and was renamed
 */
export function openDeadJournals(
  folder: string,
  {
    maxBytes,
    isOwn,
    onBroken,
  }: {
    readonly maxBytes: number;
    readonly isOwn: (path: string) => boolean;
    readonly onBroken: (path: string) => void;
  },
): DeadJournal[] {
  const dead: DeadJournal[] = [];
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (isOwn(path)) continue;
    try {
      const file = openJournalFile(path, maxBytes);
      if (file.isEmpty()) file.close();
      else dead.push({ path, file });
    } catch (error) {
      // Its owner lives, or it is gone, or it is a newer release's.
      if (!brokenCodes.has(codeOf(error) ?? 0)) continue;
      if (rename(path, `${path}.broken`)) onBroken(`${path}.broken`);
    }
  }
  return dead;
}

function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch {
    return [];
  }
}
