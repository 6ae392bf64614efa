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
  readonly bytes: number;
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
  /** The oldest of a kind are written, or count no more. Never throws. */
  pass(entries: readonly WaitingEntry[]): void;
  /** @throws Error the file can't be written */
  replace(waiting: WaitingEntry, entry: Entry): void;
  /** @throws Error the file can't be written */
  remove(waiting: WaitingEntry): void;
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

/** @throws Error (with SQLite's `errcode`) it can't be opened, or another process has it open */
export function openJournalFile(path: string, maxBytes: number): JournalFile {
  const database = lockedDatabase(path);
  const statements = statementsOf(database);
  const size = openSize(statements.sizes.all());
  /** The last entry of each kind that waits no more. */
  const passed = noItems();

  function oldest(kind: EntryKind, limit: number, after = 0): WaitingEntry[] {
    const rows = statements.oldest.all(kind, Math.max(after, passed[kind]), limit);
    return rows.map(({ id, at_ms, body }) => ({
      id: Number(id),
      at: Number(at_ms),
      bytes: (body as Uint8Array).length,
      entry: entryIn(body),
    }));
  }

  function pass(waiting: readonly WaitingEntry[]): void {
    const left = waiting.filter(({ id, entry }) => id > passed[entry.kind]);
    for (const { id, entry, bytes } of left) {
      size.add(entry, bytes, -1);
      passed[entry.kind] = id;
    }
    try {
      for (const { kind } of left.slice(-1).map(({ entry }) => entry))
        statements.removePassed.run(kind, passed[kind]);
    } catch {
      // On a full disk they stay until the file is deleted. To write them once more would change nothing.
    }
  }

  /** Records go first, results last. */
  function dropSurplus(): ItemCounts {
    const dropped = noItems();
    for (const kind of entryKinds.toReversed())
      while (size.bytes() > maxBytes) {
        const some = oldest(kind, 1);
        if (some.length === 0) break;
        for (const { entry } of some) dropped[kind] += itemsOf(entry);
        pass(some);
      }
    return dropped;
  }

  return {
    append(added, at) {
      const bodies = added.map((entry) => serialize(entry));
      inTransaction(database, () => {
        added.forEach((entry, index) => {
          statements.insert.run(entry.kind, keyOf(entry), at, itemsOf(entry), bodies[index] as Uint8Array);
        });
      });
      for (const [index, entry] of added.entries()) size.add(entry, bodies[index]?.length ?? 0);
      return dropSurplus();
    },
    oldest,
    find: (kind, key) => statements.find.all(key, kind, passed[kind]).map(({ body }) => entryIn(body)),
    pass,
    replace({ id, bytes, entry: before }, entry) {
      const body = serialize(entry);
      statements.replace.run(body, itemsOf(entry), id);
      size.add(before, bytes, -1);
      size.add(entry, body.length);
    },
    remove({ id, bytes, entry }) {
      statements.remove.run(id);
      size.add(entry, bytes, -1);
    },
    items: size.items,
    isEmpty: size.isEmpty,
    close() {
      const isDeleted = size.isEmpty() && path !== ':memory:';
      // While it is locked: another process that opens it finds it deleted and leaves it.
      if (isDeleted) remove(path);
      database.close();
      if (isDeleted) remove(`${path}-wal`);
    },
  };
}

const entryIn = (body: unknown): Entry => deserialize(body as Uint8Array) as Entry;

/** The next process deletes what can't be deleted now. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

const statementsOf = (database: DatabaseSync) => ({
  sizes: database.prepare(
    'SELECT kind, COUNT(*) AS n, SUM(items) AS items, SUM(length(body)) AS bytes FROM entries GROUP BY kind',
  ),
  insert: database.prepare('INSERT INTO entries (kind, key, at_ms, items, body) VALUES (?, ?, ?, ?, ?)'),
  oldest: database.prepare(
    'SELECT id, at_ms, body FROM entries WHERE kind = ? AND id > ? ORDER BY id LIMIT ?',
  ),
  find: database.prepare('SELECT body FROM entries WHERE key = ? AND kind = ? AND id > ? ORDER BY id'),
  replace: database.prepare('UPDATE entries SET body = ?, items = ? WHERE id = ?'),
  remove: database.prepare('DELETE FROM entries WHERE id = ?'),
  removePassed: database.prepare('DELETE FROM entries WHERE kind = ? AND id <= ?'),
});

/** Beside the body: the row and its index entries. */
const rowBytes = 200;

/** How much waits. */
function openSize(rows: readonly Readonly<Record<string, unknown>>[]) {
  const items = noItems();
  let [entries, bytes] = [0, 0];
  for (const row of rows) {
    items[row.kind as EntryKind] = Number(row.items);
    entries += Number(row.n);
    bytes += Number(row.bytes) + rowBytes * Number(row.n);
  }
  return {
    bytes: () => bytes,
    items: () => ({ ...items }),
    isEmpty: () => entries === 0,
    add(entry: Entry, bodyBytes: number, sign: 1 | -1 = 1): void {
      items[entry.kind] += sign * itemsOf(entry);
      bytes += sign * (bodyBytes + rowBytes);
      entries += sign;
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
