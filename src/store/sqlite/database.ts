import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOutage, lockTimeout, outage, StatementError } from '../outage.ts';
import { sqliteConnection } from './connection.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html */
const busyCodes = new Set([5, 6]); // BUSY, LOCKED
const outageCodes = new Set([3, 7, 8, 10, 11, 13, 14, 15, 26]); // PERM, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB

/** A statement that is parsed once; some of ours take longer to parse than to run. */
export type Prepare = (sql: string) => StatementSync;

export interface SqliteDatabase {
  /** Runs one statement; a lock that another process holds is waited for, up to `limitMs`. */
  run(sql: string, ...values: SQLInputValue[]): Promise<void>;
  all(sql: string, ...values: SQLInputValue[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** As `all`, each row as the list of its values: which takes half the time where there are many rows. */
  lists(sql: string, ...values: SQLInputValue[]): Promise<readonly (readonly SQLOutputValue[])[]>;
  /** Runs `work` in a transaction that locks out other writers. `work` is synchronous. */
  exclusively<T>(work: (database: DatabaseSync, prepared: Prepare) => T, waitMs?: number): Promise<T>;
  close(): void;
}

export interface SqliteDatabaseOptions {
  /** Created with its folder when missing. */
  readonly file: string;
  /** How long a lock is waited for. */
  readonly limitMs: number;
  readonly onStatement?: (sql: string) => void;
}

/** Opens when first used, and again after a failure of the file itself, or once another file has its path. */
export function sqliteDatabase({ file, limitMs, onStatement }: SqliteDatabaseOptions): SqliteDatabase {
  const { opened, prepared, discard, close } = sqliteConnection(file);

  /** Tries until no other process holds the lock. */
  async function unlocked<T>(work: () => T, waitMs = limitMs): Promise<T> {
    const until = performance.now() + waitMs;
    for (;;) {
      try {
        return work();
      } catch (error) {
        const busy = busyCodes.has(codeOf(error) ?? 0);
        if (!busy) throw failed(error);
        if (performance.now() >= until) throw lockTimeout(`the SQLite file stays locked for ${waitMs} ms`);
      }
      await sleep(2 + Math.random() * 10);
    }
  }

  /** Closes a file that can't be read or written. The next statement opens what is at its path then. */
  function failed(error: unknown): Error {
    const translation = translated(error);
    if (!(translation instanceof StatementError)) discard();
    return translation;
  }

  return {
    async run(sql, ...values) {
      onStatement?.(sql);
      await unlocked(() => prepared(sql).run(...values));
    },
    async all(sql, ...values) {
      onStatement?.(sql);
      return unlocked(() => prepared(sql).all(...values));
    },
    async lists(sql, ...values) {
      onStatement?.(sql);
      return unlocked(() => {
        const statement = prepared(sql);
        statement.setReturnArrays(true);
        return statement.all(...values) as unknown as SQLOutputValue[][];
      });
    },
    async exclusively(work, waitMs = limitMs) {
      return unlocked(() => inTransaction(opened(), (connection) => work(connection, prepared)), waitMs);
    },
    close,
  };
}

export function inTransaction<T>(database: DatabaseSync, work: (database: DatabaseSync) => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work(database);
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

export function codeOf(error: unknown): number | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'errcode') : undefined;
  // The low byte is the primary code.
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** The driver's error as an outage or a `StatementError`. */
export function translated(error: unknown): Error {
  if (!(error instanceof Error)) return outage(String(error));
  if (isOutage(error)) return error;
  const code = codeOf(error);
  if (busyCodes.has(code ?? 0)) return lockTimeout(`the SQLite file stays locked: ${error.message}`);
  const system: unknown = Reflect.get(error, 'syscall');
  if ((code !== undefined && outageCodes.has(code)) || typeof system === 'string')
    return outage(error.message);
  // Not migrated yet, or the file was replaced by an empty one.
  if (code === 1 && error.message.startsWith('no such table')) return outage(error.message);
  return code === undefined ? error : new StatementError(`SQLITE_${code}`, error.message);
}
