import type { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Migration, pendingOf } from './migrate.ts';
import { outage } from './outage.ts';
import { type SqliteDatabase, translated } from './sqlite-database.ts';

export interface SqliteMigrationOptions {
  readonly file: string;
  readonly migrations: readonly Migration[];
  readonly onPending?: ((names: readonly string[]) => void) | undefined;
}

/** How long others that migrate at the same time are waited for. */
const waitMs = 10_000;

/**
 * Brings the file up to date; of several processes that start together, one does and the others wait. A new file is
 * made at once. Rows that are there may take minutes: they are migrated in a thread.
 * @returns the names that ran
 */
export async function migrateSqlite(
  database: SqliteDatabase,
  { file, migrations, onPending }: SqliteMigrationOptions,
): Promise<readonly string[]> {
  const [history] = await database.all("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'");
  if (!history) return database.exclusively((connection) => runPending(connection, migrations), waitMs);
  const pending = pendingOf(migrations, checksums(await database.all(appliedSql)));
  if (pending.length === 0) return [];
  onPending?.(pending.map(({ name }) => name));
  return inThread({ file, migrations, waitMs });
}

const appliedSql = 'SELECT name, checksum FROM schema_migrations';

const checksums = (rows: readonly Readonly<Record<string, unknown>>[]): ReadonlyMap<string, string> =>
  new Map(rows.map(({ name, checksum }) => [String(name), String(checksum)]));

/** Within a transaction. @returns the names that ran */
export function runPending(connection: DatabaseSync, migrations: readonly Migration[]): readonly string[] {
  connection.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT`);
  const pending = pendingOf(migrations, checksums(connection.prepare(appliedSql).all()));
  const record = connection.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?)');
  for (const { name, sql, checksum } of pending) {
    connection.exec(sql);
    record.run(name, checksum, Date.now());
  }
  return pending.map(({ name }) => name);
}

/** What the thread is told, and what it answers with. */
export interface MigrationJob {
  readonly file: string;
  readonly migrations: readonly Migration[];
  readonly waitMs: number;
}
export type MigrationReply = { readonly ran: readonly string[] } | { readonly error: MigrationFault };
/** What an error keeps of itself on its way between threads. */
export interface MigrationFault {
  readonly message: string;
  readonly errcode: number | undefined;
}

function inThread(workerData: MigrationJob): Promise<readonly string[]> {
  const thread = new Worker(fileURLToPath(new URL('./sqlite-migration-thread.ts', import.meta.url)), {
    workerData,
  });
  return new Promise((resolve, reject) => {
    thread.on('message', (reply: MigrationReply) => {
      if ('ran' in reply) resolve(reply.ran);
      else reject(translated(Object.assign(new Error(reply.error.message), reply.error)));
    });
    thread.on('error', (error) => reject(outage(error instanceof Error ? error.message : String(error))));
    thread.on('exit', () => reject(outage('the thread that migrates ended')));
  });
}
