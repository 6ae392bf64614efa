import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Erasure, Found, Lookup, StoredResult } from '../entities.ts';
import { openDeadJournals } from './dead-journals.ts';
import { claimKey, type Entry, type EntryKind, entryKinds, resultKey, withoutErased } from './entries.ts';
import {
  type ItemCounts,
  type JournalFile,
  noItems,
  openJournalFile,
  type WaitingEntry,
} from './journal-file.ts';

export interface JournalOptions {
  /** Where the file is created when it is first needed; without one the journal is in memory alone. */
  readonly folder?: string;
  readonly maxBytes: number;
  /** Where no file can be written. Default 16 MB. */
  readonly maxMemoryBytes?: number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** What can't be written any more, by what it was. */
  readonly onLost?: (kind: EntryKind, items: number) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Entries of one file, as they wait. */
export interface WaitingBatch {
  readonly entries: readonly WaitingEntry[];
  /** They are written, or count no more. */
  pass(): void;
}

/** Entries that an erasure reads at once. */
const eraseStep = 200;

/** Writes that wait for the store. */
export class Journal {
  readonly #options: JournalOptions;
  /** By path. The first one takes what comes. */
  readonly #files = new Map<string, JournalFile>();
  #memory: JournalFile | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  append(entries: readonly Entry[]): void {
    if (entries.length === 0 || this.#appendToFile(entries)) return;
    this.#memory ??= openJournalFile(':memory:', this.#options.maxMemoryBytes ?? 16_000_000);
    this.#lose(this.#memory.append(entries, this.#now()));
  }

  /** What the store will answer once all is written: a result of these bytes, or the claimant's own claim. */
  find(lookup: Lookup): Found | undefined {
    const files = this.#all();
    const verified = bestResult(files, lookup.hash, lookup.version);
    if (verified) return { ...verified, via: 'verified' };
    const content = this.contentOf(lookup);
    const claimed = content === undefined ? undefined : bestResult(files, content, lookup.version);
    return claimed && { ...claimed, via: 'claim' };
  }

  /** Of the newest claim that waits: its result may be in the store already. */
  contentOf({ hash, claimant }: Lookup): string | undefined {
    if (claimant === undefined) return undefined;
    const claims = this.#all().flatMap((file) => file.find('claims', claimKey(claimant, hash)));
    const newest = claims.flatMap((entry) => (entry.kind === 'claims' ? [entry.value] : [])).sort(byTime);
    return newest.at(-1)?.content;
  }

  oldest(kind: EntryKind, limit: number): WaitingBatch | undefined {
    for (const file of this.#all()) {
      const entries = file.oldest(kind, limit);
      if (entries.length > 0) return { entries, pass: () => file.pass(entries) };
    }
    return undefined;
  }

  /** Removes what was forgotten. Requests go on between two steps. */
  async erase(erasures: readonly Erasure[]): Promise<void> {
    for (const file of this.#all())
      for (const kind of entryKinds)
        for (let last: WaitingEntry | undefined; ; await nextTurn()) {
          const some = file.oldest(kind, eraseStep, last?.id);
          last = some.at(-1);
          if (last === undefined) break;
          for (const waiting of some) {
            const kept = withoutErased(waiting.entry, waiting.at, erasures);
            if (kept === undefined) file.remove(waiting);
            else if (kept !== waiting.entry) file.replace(waiting, kept);
          }
        }
  }

  /** Opens the journals of processes that are dead. */
  takeOver(): void {
    const { folder, maxBytes, logger } = this.#options;
    if (folder === undefined) return;
    const onBroken = (path: string) => logger.error({ path }, 'a journal is unreadable and was set aside');
    const isOwn = (path: string) => this.#files.has(path);
    for (const { path, file } of openDeadJournals(folder, { maxBytes, isOwn, onBroken }))
      this.#files.set(path, file);
  }

  items(): ItemCounts {
    const sum = noItems();
    for (const items of this.#all().map((file) => file.items()))
      for (const kind of entryKinds) sum[kind] += items[kind];
    return sum;
  }

  isEmpty(): boolean {
    return this.#all().every((file) => file.isEmpty());
  }

  /** Deletes the files in which nothing waits. */
  closeEmpty(): void {
    for (const [path, file] of this.#files)
      if (file.isEmpty()) {
        this.#files.delete(path);
        file.close();
      }
    if (!this.#memory?.isEmpty()) return;
    this.#memory.close();
    this.#memory = undefined;
  }

  /** What waits in files is written by the process that takes them over. */
  close(): void {
    if (this.#memory) this.#lose(this.#memory.items());
    for (const file of this.#all()) file.close();
    this.#files.clear();
    this.#memory = undefined;
  }

  #all(): JournalFile[] {
    return [...this.#files.values(), ...(this.#memory ? [this.#memory] : [])];
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }

  #lose(items: ItemCounts): void {
    for (const kind of entryKinds) if (items[kind] > 0) this.#options.onLost?.(kind, items[kind]);
  }

  #appendToFile(entries: readonly Entry[]): boolean {
    const { folder, logger } = this.#options;
    if (folder === undefined) return false;
    try {
      this.#lose(this.#ownFile(folder).append(entries, this.#now()));
      return true;
    } catch (error) {
      if (this.#memory === undefined)
        logger.warn(
          { folder, reason: error instanceof Error ? error.message : String(error) },
          'the journal cannot be written to disk: writes wait in memory, and are lost when the process ends',
        );
      return false;
    }
  }

  #ownFile(folder: string): JournalFile {
    const [first] = this.#files.values();
    if (first) return first;
    // Absolute: Node.js loops for ever over a relative path in a working folder that was deleted.
    mkdirSync(resolve(folder), { recursive: true });
    const path = join(folder, `journal-${randomBytes(8).toString('hex')}.db`);
    const file = openJournalFile(path, this.#options.maxBytes);
    this.#files.set(path, file);
    return file;
  }
}

function bestResult(
  files: readonly JournalFile[],
  sha256: string,
  version: string,
): StoredResult | undefined {
  const key = resultKey(sha256, version);
  const results = files.flatMap((file) => file.find('results', key));
  return results.map(({ value }) => value as StoredResult).reduce(better, undefined);
}

const byTime = (a: { readonly at: number }, b: { readonly at: number }): number => a.at - b.at;

/** The one that stays in the store when both are saved. */
function better(kept: StoredResult | undefined, next: StoredResult): StoredResult {
  if (kept === undefined) return next;
  if (kept.method !== next.method) return next.method === 'llm' ? next : kept;
  return next.createdAt >= kept.createdAt ? next : kept;
}
