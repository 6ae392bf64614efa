import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { outage } from '../outage.ts';

/** SQLite itself waits for no lock, since that blocks the event loop: `database.ts` tries again. */
const blockingWaitMs = 0;

/** How often it is checked that the path still leads to the open file. */
const fileCheckMs = 1000;

/** The file's connection and its prepared statements. Opens when first used, and again after `discard`. */
export function sqliteConnection(file: string) {
  let database: DatabaseSync | undefined;
  let statements = new Map<string, StatementSync>();
  let isClosed = false;
  let openedFile: string | undefined;
  let checkedAt = 0;

  function opened(): DatabaseSync {
    if (database !== undefined) {
      checkFile();
      return database;
    }
    if (isClosed) throw outage('the SQLite store is closed');
    // Absolute: Node.js loops for ever over a relative path in a working folder that was deleted.
    mkdirSync(dirname(resolve(file)), { recursive: true });
    const fresh = new DatabaseSync(file, { timeout: blockingWaitMs });
    try {
      fresh.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    } catch (error) {
      fresh.close();
      throw error;
    }
    database = fresh;
    openedFile = fileIdentity(file);
    checkedAt = performance.now();
    return fresh;
  }

  /** What is written to a deleted file is lost. @throws outage */
  function checkFile(): void {
    if (performance.now() - checkedAt < fileCheckMs) return;
    checkedAt = performance.now();
    if (fileIdentity(file) !== openedFile)
      throw outage(`the SQLite file ${file} was moved, deleted or replaced`);
  }

  function prepared(sql: string): StatementSync {
    const connection = opened();
    const statement = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }

  function discard(): void {
    statements = new Map();
    database?.close();
    database = undefined;
  }

  return {
    /** @throws outage the path leads to another file, or to none, since it was opened */
    opened,
    /** A statement that is parsed once; some take longer to parse than to run. */
    prepared,
    discard,
    close(): void {
      isClosed = true;
      discard();
    },
  };
}

/** Device and inode: a moved or replaced file has others. */
function fileIdentity(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.dev}/${stat.ino}`;
}
