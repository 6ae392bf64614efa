import type { DatabaseSync } from 'node:sqlite';
import { type Migration, pendingOf } from '../migrate.ts';
import type { SqliteDatabase } from './database.ts';
import { maintainSqlite } from './maintenance.ts';

export interface SqliteMigrationOptions {
  readonly file: string;
  readonly migrations: readonly Migration[];
  readonly onPending?: ((names: readonly string[]) => void) | undefined;
}

/** How long others that migrate at the same time are waited for. */
const waitMs = 10_000;

/**
 * Brings the file up to date; of several processes that start together, one does and the others wait. A new file is
 * made at once. Existing rows may take minutes: a thread migrates them.
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
  return maintainSqlite({ task: 'migrate', file, migrations, waitMs });
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
