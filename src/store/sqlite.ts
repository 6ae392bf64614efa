import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Migration, migrationsUrl, pendingOf, readMigrations } from './migrate.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { outage } from './outage.ts';
import { binaryColumns, photoColumns, photoValues, requestColumns, requestValues } from './record-rows.ts';
import { addSpend, reserveSpend } from './sqlite-budget.ts';
import { saveClaims } from './sqlite-claims.ts';
import { type SqliteDatabase, sqliteDatabase } from './sqlite-database.ts';
import { acquireLeases, releaseLeases, renewLeases } from './sqlite-leases.ts';
import { saveLooks } from './sqlite-looks.ts';
import { findRefusal, saveRefusal } from './sqlite-refusals.ts';
import { countHits, findResults, saveResults } from './sqlite-results.ts';
import type { ClaimSharing, Store, Summary } from './store.ts';

export interface SqliteStoreOptions {
  /** Path of the file; it and its folder are created when missing. */
  readonly file: string;
  /** How long a statement waits for another process's lock. Default 1000. */
  readonly statementTimeoutMs?: number;
  /** Limit of a report. Default 30 000. */
  readonly reportTimeoutMs?: number;
  /** Folder of migrations instead of the product's own. */
  readonly migrations?: URL;
  /** Whose claims count for others; nobody's unless given. */
  readonly sharing?: ClaimSharing;
  /** Called for every statement of the hot path. */
  readonly onStatement?: () => void;
}

/** A store in one SQLite file that several processes share. Opens when first used; `migrate` comes before everything else. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const database = sqliteDatabase({
    file: options.file,
    limitMs: options.statementTimeoutMs ?? 1000,
    ...(options.onStatement && { onStatement: options.onStatement }),
  });
  const reports = oneAtATime();

  async function insert(table: string, columns: readonly string[], rows: readonly unknown[]): Promise<void> {
    if (rows.length > 0) await database.run(insertSql(table, columns), JSON.stringify(rows));
  }

  return {
    kind: 'sqlite',
    findResults: async (lookups) => findResults(database, lookups, options.sharing),
    saveResults: async (results) => saveResults(database, results),
    saveClaims: async (claims) => saveClaims(database, claims),
    saveLooks: async (looks) => saveLooks(database, looks),
    acquireLeases: async (requests) => acquireLeases(database, requests),
    renewLeases: async (leases) => renewLeases(database, leases),
    releaseLeases: async (leases) => releaseLeases(database, leases),
    countHits: async (hits) => countHits(database, hits),
    reserveSpend: async (amountMicro, dayAndMonth) => reserveSpend(database, amountMicro, dayAndMonth),
    addSpend: async (differenceMicro, periods) => addSpend(database, differenceMicro, periods),
    findRefusal: async (photo) => findRefusal(database, photo),
    saveRefusal: async (refusal) => saveRefusal(database, refusal, Date.now()),
    savePhotoRecords: async (records) => insert('photos', photoColumns, records.map(photoValues)),
    saveRequestRecords: async (records) => insert('requests', requestColumns, records.map(requestValues)),
    summarise: (from, to) =>
      reports(() => summariseInThread(options.file, from, to, options.reportTimeoutMs ?? 30_000)),
    migrate: async () =>
      migrateSqlite(database, readMigrations(options.migrations ?? new URL('sqlite/', migrationsUrl))),
    ping: async () =>
      database.run(
        'INSERT INTO store_probe (id, at_ms) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms',
        Date.now(),
      ),
    checkConnections: async () => undefined,
    close: async () => database.close(),
  };
}

const migrationWaitMs = 10_000;

/** One statement however many rows: they come as one JSON list of lists. */
function insertSql(table: string, columns: readonly string[]): string {
  const values = columns.map((column, index) =>
    binaryColumns.has(column) ? `unhex(j.value ->> ${index})` : `j.value ->> ${index}`,
  );
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM json_each(?) j`;
}

async function migrateSqlite(
  database: SqliteDatabase,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  return database.exclusively((connection) => {
    connection.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT`);
    const applied = connection.prepare('SELECT name, checksum FROM schema_migrations').all();
    const record = connection.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?)');
    const pending = pendingOf(
      migrations,
      new Map(applied.map(({ name, checksum }) => [String(name), String(checksum)])),
    );
    for (const { name, sql, checksum } of pending) {
      connection.exec(sql);
      record.run(name, checksum, Date.now());
    }
    return pending.map(({ name }) => name);
    // Others that migrate at the same time take longer than one statement.
  }, migrationWaitMs);
}

/** `node:sqlite` is synchronous, and a report reads a day: a thread of its own keeps the event loop free. */
function summariseInThread(file: string, from: number, to: number, limitMs: number): Promise<Summary> {
  const worker = new Worker(fileURLToPath(new URL('./sqlite-report.ts', import.meta.url)), {
    workerData: { file, from, to },
  });
  return new Promise<Summary>((resolve, reject) => {
    const timer = setTimeout(() => reject(outage(`no report within ${limitMs} ms`)), limitMs);
    worker.once('message', (summary: Summary) => resolve(summary));
    worker.once('error', (error) => reject(outage(error instanceof Error ? error.message : String(error))));
    worker.once('exit', () => {
      clearTimeout(timer);
      reject(outage('the report ended without a result'));
    });
  }).finally(() => worker.terminate());
}
