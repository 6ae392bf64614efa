import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type PoolConnection } from 'mysql2';
import { UnavailableError } from '../../errors.ts';
import { isOutage, outage } from '../outage.ts';
import {
  configureSession,
  connectionOptions,
  destroyConnection,
  execute,
  type MysqlQuery,
  type MysqlServer,
} from './connection.ts';
import { breaksConnection, isContention, translated } from './errors.ts';

/** Statements that may wait for a connection; group commit sends a few at a time. */
const maxWaiting = 1000;

/** Of a statement or transaction where others are in the way, and the longest pause between two. */
const tries = 10;
const longestPauseMs = 10;

export interface MysqlPool {
  readonly query: MysqlQuery;
  /** All of `work` or nothing, on one connection; again from its beginning where others were in the way. */
  transaction<T>(work: (query: MysqlQuery) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface MysqlPoolOptions extends MysqlServer {
  readonly poolSize: number;
  /** For a statement with all it needs: a connection, its session settings, further tries after a deadlock. */
  readonly statementTimeoutMs: number;
  readonly onStatement?: () => void;
}

/**
 * Connections for the hot path. Nothing takes longer than `statementTimeoutMs`, whether the server refuses, hangs or
 * vanishes, and nothing that was connected before an outage is used after it.
 */
export function openMysqlPool(options: MysqlPoolOptions): MysqlPool {
  const limitMs = options.statementTimeoutMs;
  const pool = createPool({
    ...connectionOptions(options, limitMs),
    connectionLimit: options.poolSize,
    maxIdle: Math.ceil(options.poolSize / 2),
    idleTimeout: 60_000,
    waitForConnections: true,
    queueLimit: maxWaiting,
  });
  const openedAt = new WeakMap<PoolConnection, number>();
  const configured = new WeakSet<PoolConnection>();
  const open = new Set<PoolConnection>();
  let suspectUntil = Number.NEGATIVE_INFINITY;

  pool.on('connection', (connection) => {
    openedAt.set(connection, performance.now());
    open.add(connection);
    connection.on('end', () => open.delete(connection));
    // Errors reach the statement in flight; without a listener one that comes between two would end the process.
    connection.on('error', () => open.delete(connection));
  });

  function take(leftMs: number): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(outage(`no MySQL connection within ${Math.round(leftMs)} ms`));
      }, leftMs);
      pool.getConnection((error, connection) => {
        clearTimeout(timer);
        if (late) connection?.release();
        else if (error) reject(error);
        else resolve(connection);
      });
    });
  }

  async function acquire(leftMs: () => number): Promise<PoolConnection> {
    for (;;) {
      const connection = await take(leftMs());
      if ((openedAt.get(connection) ?? 0) > suspectUntil) return connection;
      drop(connection);
    }
  }

  function drop(connection: PoolConnection): void {
    open.delete(connection);
    destroyConnection(connection);
  }

  async function on<T>(leftMs: () => number, use: (query: MysqlQuery) => Promise<T>): Promise<T> {
    const connection = await acquire(leftMs);
    try {
      if (!configured.has(connection)) {
        await configureSession(connection, leftMs());
        configured.add(connection);
      }
      const result = await use((sql, values = []) => {
        options.onStatement?.();
        return execute(connection, sql, values, leftMs());
      });
      connection.release();
      return result;
    } catch (error) {
      if (breaksConnection(error)) {
        suspectUntil = performance.now();
        drop(connection);
      } else connection.release();
      throw error;
    }
  }

  /** Within the limit of a statement, up to `tries` times where others are in the way. */
  async function limited<T>(once: (leftMs: () => number) => Promise<T>): Promise<T> {
    const until = performance.now() + limitMs;
    const leftMs = (): number => Math.max(1, until - performance.now());
    for (let left = tries - 1; ; left -= 1) {
      try {
        return await once(leftMs);
      } catch (error) {
        if (isContention(error) && left > 0) {
          // Not all of them at the same time again.
          await sleep(Math.random() * longestPauseMs);
          continue;
        }
        if (isOutage(error)) throw error;
        if (error instanceof Error && error.message === 'Queue limit reached.')
          throw new UnavailableError(
            'overloaded',
            'Too many statements wait for the store; try again later.',
          );
        throw translated(error);
      }
    }
  }

  return {
    query: (sql, values) => limited((leftMs) => on(leftMs, (query) => query(sql, values))),

    transaction: (work) =>
      limited((leftMs) =>
        on(leftMs, async (query) => {
          // Gaps between rows stay unlocked: writers that add neighbours don't wait for each other.
          await query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
          await query('START TRANSACTION');
          try {
            const result = await work(query);
            await query('COMMIT');
            return result;
          } catch (error) {
            if (!breaksConnection(error)) await query('ROLLBACK');
            throw error;
          }
        }),
      ),

    async close() {
      const ended = new Promise<void>((resolve) => pool.end(() => resolve()));
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, limitMs);
      });
      await Promise.race([ended, patience]);
      clearTimeout(timer);
      for (const connection of open) destroyConnection(connection);
      open.clear();
    },
  };
}
