import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { PhotoAnswer } from '../../client/answer.ts';
import { type Message, text } from '../../messages/text.ts';
import type { FilePhoto } from './file-photo.ts';

export interface JournalEntry {
  readonly answer: PhotoAnswer;
  readonly hash: string;
  /** An LLM gave this answer, in this run or an earlier one. */
  readonly isByLlm: boolean;
}

/** What has been done, so that another run skips it. */
export interface Journal {
  /** Undefined if the file was not classified, has changed since, or was classified by another source. */
  find(photo: FilePhoto): JournalEntry | undefined;
  add(photo: FilePhoto, entry: JournalEntry): void;
  /** Money for one answer of an LLM, on average over all runs that paid for some; millionths of a currency unit. */
  readonly costMicro: number | undefined;
  addCosts(calls: number, costMicro: number): void;
  close(): void;
}

interface PhotoLine extends JournalEntry {
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
  readonly source: string;
}

interface CostLine {
  readonly calls: number;
  readonly cost: number;
}

/**
 * A file of JSON lines. Each line is written before the next photo is reported, so a killed run loses no reported photo.
 * @param source names the backend; answers of another one don't count
 * @param localModel version of the local model: answers of another do not count, unless it is unknown
 * @throws Error with the code of the file system: the file can't be read or written
 */
export function openJournal(
  file: string,
  { source, localModel }: { readonly source: string; readonly localModel?: string | undefined },
): Journal {
  // Absolute: from a working folder that was deleted, Node looks for the relative one for ever.
  mkdirSync(dirname(resolve(file)), { recursive: true });
  const handle = openSync(file, 'a', 0o600);
  const done = new Map<string, PhotoLine>();
  const paid = { calls: 0, cost: 0 };
  const text = readFileSync(file, 'utf8');
  const counts = ({ isByLlm, answer }: PhotoLine) =>
    isByLlm || localModel === undefined || answer.model === localModel;
  for (const line of text.split('\n').map(parsed)) {
    if (line === undefined) continue;
    if ('calls' in line) {
      paid.calls += line.calls;
      paid.cost += line.cost;
    } else if (line.source === source && counts(line)) done.set(line.path, line);
  }
  // A run that was killed within a line leaves half of it.
  if (text !== '' && !text.endsWith('\n')) writeSync(handle, '\n');
  const write = (line: PhotoLine | CostLine) => void writeSync(handle, `${JSON.stringify(line)}\n`);

  return {
    find({ path, sizeBytes, mtimeMs }) {
      const line = done.get(path);
      return line?.size === sizeBytes && line.mtime === mtimeMs ? line : undefined;
    },
    add({ path, sizeBytes, mtimeMs }, entry) {
      write({ path, size: sizeBytes, mtime: mtimeMs, source, ...entry });
    },
    get costMicro() {
      return paid.calls > 0 ? paid.cost / paid.calls : undefined;
    },
    addCosts(calls, cost) {
      paid.calls += calls;
      paid.cost += cost;
      write({ calls, cost });
    },
    close: () => closeSync(handle),
  };
}

/** Undefined where none is wanted, or the file can't be used, which is a warning. */
export function journalOrWarning(
  file: string | undefined,
  backend: Parameters<typeof openJournal>[1],
  warn: (problem: Message) => void,
): Journal | undefined {
  if (file === undefined) return undefined;
  try {
    return openJournal(file, backend);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    warn(text("No journal is kept: {file} can't be used ({code}).", { file, code: code ?? 'unknown' }));
    return undefined;
  }
}

function parsed(line: string): PhotoLine | CostLine | undefined {
  try {
    const value = JSON.parse(line);
    const isPhoto = typeof value.path === 'string' && typeof value.answer?.category === 'string';
    const isCost = typeof value.calls === 'number' && typeof value.cost === 'number';
    return isPhoto || isCost ? value : undefined;
  } catch {
    return undefined;
  }
}
