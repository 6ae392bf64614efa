import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type ConnectionOptions, createConnection, type SslOptions } from 'mysql2';
import { timerAfterIo } from '../../resilience/timer-after-io.ts';
import { isOutage, outage } from '../outage.ts';
import { isConnectionLimit, translated } from './errors.ts';

export interface MysqlServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Absent: connections are not encrypted. */
  readonly tls?: MysqlTls;
}

export interface MysqlTls {
  /** Checks nothing; the issuer of the server's certificate; the issuer and the name. */
  readonly mode: 'require' | 'verify-ca' | 'verify';
  /** Certificates (PEM) of trusted issuers. Default: those that Node.js trusts. */
  readonly ca?: string;
}

export type MysqlRow = Readonly<Record<string, unknown>>;

/**
 * One statement; a list of lists as a value becomes rows, a list of buffers a list of keys. A statement that writes
 * answers with one row, `{affectedRows}`.
 */
export type MysqlQuery = (sql: string, values?: readonly unknown[]) => Promise<readonly MysqlRow[]>;

/** A server takes a moment to notice that a connection has ended. */
const releaseMs = 100;
const connectTries = 10;

/** What every connection has in common; the server's defaults don't matter. */
export function connectionOptions(server: MysqlServer, connectTimeoutMs: number): ConnectionOptions {
  return {
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: server.database,
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    connectTimeout: connectTimeoutMs,
    enableKeepAlive: true,
    multipleStatements: false,
    ...(server.tls && { ssl: sslOptions(server.tls) }),
  };
}

function sslOptions({ mode, ca }: MysqlTls): SslOptions {
  return {
    rejectUnauthorized: mode !== 'require',
    verifyIdentity: mode === 'verify',
    ...(ca !== undefined && { ca }),
  };
}

/**
 * Session settings, once for each connection. The sql_mode is ours: under NO_BACKSLASH_ESCAPES the driver's escaping would
 * not escape. Lists of keys are read by the index they name: to look each key up first, only to estimate that, would
 * double the work. A statement whose client has given up ends by itself: the `M!` comment is read by MariaDB alone, the
 * `!80000` comment by MySQL alone, as each names that limit differently.
 */
function sessionSql(limitMs: number): string {
  const seconds = Math.ceil(limitMs / 1000);
  return `SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    time_zone = '+00:00', autocommit = 1, eq_range_index_dive_limit = 1, innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}
    /*M! , max_statement_time = ${seconds} */ /*!80000 , max_execution_time = ${seconds * 1000} */`;
}

/**
 * Under READ COMMITTED gaps between rows stay unlocked: writers that add neighbours don't wait for each other. The
 * servers name that variable differently, so it has a statement of its own.
 */
const isolationSql = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

export async function configureSession(connection: Connection, limitMs: number): Promise<void> {
  await execute(connection, sessionSql(limitMs), [], limitMs);
  await execute(connection, isolationSql, [], limitMs);
}

/** Ends the connection at once: `destroy` alone would wait for the server's FIN, which a hung one never sends. */
export function destroyConnection(connection: Connection): void {
  connection.destroy();
  const socket: unknown = Reflect.get(connection, 'stream');
  if (socket instanceof Socket) socket.destroy();
}

/**
 * Runs one statement; a connection that has not answered after `limitMs` is destroyed, since its late answer would
 * be taken for that of the next statement's.
 * @throws the driver's own error, or an outage for the limit
 */
export function execute(
  connection: Connection,
  sql: string,
  values: readonly unknown[],
  limitMs: number,
): Promise<readonly MysqlRow[]> {
  return new Promise((resolve, reject) => {
    const stopTimer = timerAfterIo(() => {
      destroyConnection(connection);
      reject(outage(`MySQL did not answer within ${Math.round(limitMs)} ms`));
    }, limitMs);
    connection.query(sql, [...values], (error, rows) => {
      stopTimer();
      if (error) reject(error);
      else resolve(Array.isArray(rows) ? (rows as MysqlRow[]) : [{ affectedRows: rows.affectedRows }]);
    });
  });
}

export interface SeparateConnectionOptions extends ConnectionOptions {
  /** Called where the server has no connection left; see `MysqlPool`. */
  readonly makeRoom: () => Promise<void>;
}

/**
 * Runs `use` on a connection outside of the pool: reports and migrations must not hold up the hot path.
 * @param limitMs for each statement
 * @throws outage, StatementError
 */
export async function withConnection<T>(
  options: SeparateConnectionOptions,
  limitMs: number,
  use: (query: MysqlQuery) => Promise<T>,
): Promise<T> {
  const connection = await translating(connected(options));
  try {
    await translating(configureSession(connection, limitMs));
    return await use((sql, values = []) => translating(execute(connection, sql, values, limitMs)));
  } finally {
    destroyConnection(connection);
  }
}

async function connected({ makeRoom, ...options }: SeparateConnectionOptions): Promise<Connection> {
  for (let left = connectTries - 1; ; left -= 1) {
    const connection = createConnection(options);
    // Errors reach the statement in flight; without a listener one between two statements would end the process.
    connection.on('error', () => {});
    try {
      await new Promise<void>((resolve, reject) => {
        connection.connect((error) => (error ? reject(error) : resolve()));
      });
      return connection;
    } catch (error) {
      destroyConnection(connection);
      if (!isConnectionLimit(error) || left === 0) throw error;
      await makeRoom();
      await sleep(releaseMs);
    }
  }
}

function translating<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw isOutage(error) ? error : translated(error);
  });
}
