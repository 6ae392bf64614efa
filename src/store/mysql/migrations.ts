import { createHash } from 'node:crypto';
import { type Migration, migrationsUrl, pendingOf, readMigrations, statementsOf } from '../migrate.ts';
import { outage, reasonOf, StatementError } from '../outage.ts';
import {
  connectionOptions,
  type MysqlQuery,
  type MysqlServer,
  type SeparateConnectionOptions,
  withConnection,
} from './connection.ts';
import { rotateDays } from './days.ts';
import { checkServer } from './health.ts';

const historySql = `CREATE TABLE IF NOT EXISTS schema_migrations (
  name VARCHAR(128) NOT NULL,
  checksum CHAR(64) NOT NULL,
  applied_at_ms BIGINT NOT NULL,
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin`;

export interface MysqlMigrationOptions extends MysqlServer, Pick<SeparateConnectionOptions, 'makeRoom'> {
  readonly connectTimeoutMs: number;
  /** For each statement, and for waiting until another process has migrated. */
  readonly migrationTimeoutMs: number;
  readonly folder?: URL;
  /** Called before pending migrations run on existing rows. */
  readonly onPending?: (names: readonly string[]) => void;
}

/**
 * Brings the database up to date; of several processes that start together, one does and the others wait. Where
 * nothing is pending it only reads, so that a user without the right to alter tables can run the service.
 * @returns the names that ran
 */
export async function migrateMysql(options: MysqlMigrationOptions): Promise<readonly string[]> {
  const migrations = readMigrations(options.folder ?? new URL('mysql/', migrationsUrl));
  const { makeRoom } = options;
  const connection = { ...connectionOptions(options, options.connectTimeoutMs), makeRoom };
  const isCurrent = async (query: MysqlQuery): Promise<boolean> => {
    await checkServer(query);
    return pendingOf(migrations, await appliedIn(query)).length === 0;
  };
  try {
    if (await withConnection(connection, options.connectTimeoutMs, isCurrent)) return [];
  } catch (error) {
    if (!isMissingDatabase(error)) throw error;
    const { database: _, ...withoutDatabase } = connection;
    await withConnection(withoutDatabase, options.migrationTimeoutMs, (query) =>
      createDatabase(query, options),
    );
  }
  return withConnection(connection, options.migrationTimeoutMs, (query) =>
    locked(query, options, () => applyPending(query, migrations, options.onPending)),
  );
}

async function applyPending(
  query: MysqlQuery,
  migrations: readonly Migration[],
  onPending?: MysqlMigrationOptions['onPending'],
): Promise<readonly string[]> {
  await checkServer(query);
  await query(historySql);
  const ran: string[] = [];
  const applied = await appliedIn(query);
  const pending = pendingOf(migrations, applied);
  if (applied.size > 0 && pending.length > 0) onPending?.(pending.map(({ name }) => name));
  for (const { name, sql, checksum } of pending) {
    for (const statement of statementsOf(sql)) await query(statement);
    const row = [name, checksum, Date.now()];
    await query('INSERT INTO schema_migrations (name, checksum, applied_at_ms) VALUES (?)', [row]);
    ran.push(name);
  }
  if (ran.length > 0) await rotateDays(query, 0, Date.now());
  return ran;
}

async function appliedIn(query: MysqlQuery): Promise<ReadonlyMap<string, string>> {
  const tables = await query(`SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'`);
  if (tables.length === 0) return new Map();
  const rows = await query('SELECT name, checksum FROM schema_migrations');
  return new Map(rows.map(({ name, checksum }) => [String(name), String(checksum)]));
}

/** The lock belongs to the connection, so that a process that dies releases it. Its name is unique in the server. */
async function locked<T>(
  query: MysqlQuery,
  { database, migrationTimeoutMs }: MysqlMigrationOptions,
  work: () => Promise<T>,
): Promise<T> {
  const name = `migrate:${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
  const seconds = Math.max(1, Math.floor(migrationTimeoutMs / 1000) - 1);
  const [row] = await query('SELECT GET_LOCK(?, ?) AS got', [name, seconds]);
  if (Number(row?.got) !== 1) throw outage('another process holds the migration lock');
  try {
    return await work();
  } finally {
    await query('SELECT RELEASE_LOCK(?)', [name]);
  }
}

async function createDatabase(query: MysqlQuery, { database, user }: MysqlServer): Promise<void> {
  const name = `\`${database.replaceAll('`', '``')}\``;
  try {
    await query(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  } catch (error) {
    throw outage(
      `the MySQL database ${name} does not exist, or the user \`${user}\` has no right to it, and creating it ` +
        `failed (${reasonOf(error)}); run CREATE DATABASE ${name} CHARACTER SET utf8mb4 and grant \`${user}\` ` +
        'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES on it',
    );
  }
}

/** Error 1049, or 1044 for a user without any right to it. */
function isMissingDatabase(error: unknown): boolean {
  if (error instanceof StatementError) return false;
  return /^ER_(BAD_DB_ERROR|DBACCESS_DENIED_ERROR):/.test(reasonOf(error));
}
