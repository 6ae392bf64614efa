import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import { inTransaction } from '../sqlite/database.ts';
import { type Entry, type EntryKind, entryKinds, itemsOf, keyOf } from './entries.ts';

/** An entry as it waits. */
export interface WaitingEntry {
  readonly id: number;
  /** When it was appended, in Unix milliseconds. */
  readonly at: number;
  readonly entry: Entry;
}

export type ItemCounts = Record<EntryKind, number>;

/** Writes that wait for the store, in a file that this process alone has open, or in memory. Methods are synchronous. */
export interface JournalFile {
  /** All or none. @returns what it dropped to make room: records first, results last @throws Error it can't be written */
  append(entries: readonly Entry[], at: number): ItemCounts;
  /** The oldest first. @param after the id of the last one read */
  oldest(kind: EntryKind, limit: number, after?: number): WaitingEntry[];
  /** All of that key, the oldest first. */
  find(kind: EntryKind, key: string): Entry[];
  replace(id: number, entry: Entry): void;
  remove(entries: readonly WaitingEntry[]): void;
  items(): ItemCounts;
  isEmpty(): boolean;
  /** Deletes the file where nothing waits in it. */
  close(): void;
}

export const noItems = (): ItemCounts => ({ results: 0, claims: 0, fingerprints: 0, hits: 0, activity: 0 });

/** A file of another layout is a newer release's. */
const layout = 1;

const schema = `CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    items INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_kind ON entries (kind, id);
  CREATE INDEX IF NOT EXISTS entries_key ON entries (key) WHERE key != '';
  PRAGMA user_version = ${layout};`;

/** Beside the body: the row and its index entries. */
const rowBytes = 200;

/** @throws Error (with SQLite's `errcode`) it can't be opened, or another process has it open */
export function openJournalFile(path: string, maxBytes: number): JournalFile {
  const database = lockedDatabase(path);
  const counts = noItems();
  let bytes = 0;
  let entries = 0;
  const counted = 'SELECT kind, COUNT(*) AS n, SUM(items) AS items, SUM(length(body)) AS bytes FROM entries';
  for (const row of database.prepare(`${counted} GROUP BY kind`).all()) {
    counts[row.kind as EntryKind] = Number(row.items);
    entries += Number(row.n);
    bytes += Number(row.bytes) + rowBytes * Number(row.n);
  }
  const insert = database.prepare(
    'INSERT INTO entries (kind, key, at_ms, items, body) VALUES (?, ?, ?, ?, ?)',
  );
  const selectOldest = database.prepare(
    'SELECT id, at_ms, body FROM entries WHERE kind = ? AND id > ? ORDER BY id LIMIT ?',
  );
  const selectKey = database.prepare('SELECT body FROM entries WHERE key = ? AND kind = ? ORDER BY id');
  const update = database.prepare('UPDATE entries SET body = ?, items = ? WHERE id = ?');
  const selectSize = database.prepare('SELECT kind, items, length(body) AS bytes FROM entries WHERE id = ?');
  const removeOne = database.prepare('DELETE FROM entries WHERE id = ?');

  function oldest(kind: EntryKind, limit: number, after = 0): WaitingEntry[] {
    const rows = selectOldest.all(kind, after, limit);
    return rows.map(({ id, at_ms, body }) => ({
      id: Number(id),
      at: Number(at_ms),
      entry: deserialize(body as Uint8Array) as Entry,
    }));
  }

  function removeRow(id: number): void {
    const row = selectSize.get(id);
    if (row === undefined) return;
    removeOne.run(id);
    counts[row.kind as EntryKind] -= Number(row.items);
    bytes -= Number(row.bytes) + rowBytes;
    entries -= 1;
  }

  /** Records go first, results last. */
  function dropSurplus(): ItemCounts {
    const dropped = noItems();
    for (const kind of entryKinds.toReversed())
      while (bytes > maxBytes) {
        const [first] = oldest(kind, 1);
        if (first === undefined) break;
        dropped[kind] += itemsOf(first.entry);
        removeRow(first.id);
      }
    return dropped;
  }

  return {
    append(added, at) {
      const bodies = added.map((entry) => serialize(entry));
      inTransaction(database, () => {
        added.forEach((entry, index) => {
          insert.run(entry.kind, keyOf(entry), at, itemsOf(entry), bodies[index] as Uint8Array);
        });
      });
      for (const entry of added) counts[entry.kind] += itemsOf(entry);
      entries += added.length;
      bytes += bodies.reduce((sum, body) => sum + body.length + rowBytes, 0);
      return bytes > maxBytes ? inTransaction(database, dropSurplus) : noItems();
    },
    oldest,
    find: (kind, key) => selectKey.all(key, kind).map(({ body }) => deserialize(body as Uint8Array) as Entry),
    replace(id, entry) {
      const before = selectSize.get(id);
      if (before === undefined) return;
      const body = serialize(entry);
      update.run(body, itemsOf(entry), id);
      bytes += body.length - Number(before.bytes);
      counts[entry.kind] += itemsOf(entry) - Number(before.items);
    },
    remove(waiting) {
      inTransaction(database, () => {
        for (const { id } of waiting) removeRow(id);
      });
    },
    items: () => ({ ...counts }),
    isEmpty: () => entries === 0,
    close() {
      const isLeft = entries > 0 || path === ':memory:';
      // While it is locked: another process that opens it finds it deleted and leaves it.
      if (!isLeft) rmSync(path, { force: true });
      database.close();
      if (!isLeft) rmSync(`${path}-wal`, { force: true });
    },
  };
}

function lockedDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // A write survives the end of the process at once, and the end of the machine once the file is checkpointed.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    database.exec('PRAGMA secure_delete = ON; BEGIN EXCLUSIVE; COMMIT');
    const found = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    if (found > layout) throw new Error('it is of a newer release');
    if (path !== ':memory:' && !existsSync(path)) throw new Error('it was deleted meanwhile');
    inTransaction(database, () => database.exec(schema));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
