import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolConnection } from 'mysql2';
import { UnavailableError } from '../../errors.ts';
import { isOutage } from '../outage.ts';
import { configureSession, execute, type MysqlQuery, type MysqlServer } from './connection.ts';
import { breaksConnection, isContention, translated } from './errors.ts';
import { openPooledConnections } from './pooled-connections.ts';

/** Most statements that may wait for a connection; group commit sends a few at a time. */
const maxWaiting = 1000;

/** Of a statement or transaction that meets a lock of others, and the longest pause between two tries. */
const tries = 10;
const longestPauseMs = 10;

export interface MysqlPool {
  readonly query: MysqlQuery;
  /** All of `work` or nothing, on one connection; `work` runs again from its beginning after a deadlock. */
  transaction<T>(work: (query: MysqlQuery) => Promise<T>): Promise<T>;
  /** Closes one of several connections, for one outside of the pool. */
  makeRoom(): Promise<void>;
  close(): Promise<void>;
}

export interface MysqlPoolOptions extends MysqlServer {
  readonly poolSize: number;
  /** For a statement with all it needs: a connection, its session settings, further tries after a deadlock. */
  readonly statementTimeoutMs: number;
  readonly onStatement?: (sql: string) => void;
}

/** Connections for the hot path. Nothing takes longer than `statementTimeoutMs`, even if the server hangs. */
export function openMysqlPool(options: MysqlPoolOptions): MysqlPool {
  const connectTimeoutMs = options.statementTimeoutMs;
  const connections = openPooledConnections({ ...options, connectTimeoutMs, maxWaiting });
  const configured = new WeakSet<PoolConnection>();

  async function on<T>(leftMs: () => number, use: (query: MysqlQuery) => Promise<T>): Promise<T> {
    const connection = await connections.acquire(leftMs);
    try {
      if (!configured.has(connection)) {
        await configureSession(connection, leftMs());
        configured.add(connection);
      }
      const result = await use((sql, values = []) => {
        options.onStatement?.(sql);
        return execute(connection, sql, values, leftMs());
      });
      connections.release(connection);
      return result;
    } catch (error) {
      if (breaksConnection(error)) {
        connections.suspect();
        connections.drop(connection);
      } else connections.release(connection);
      throw error;
    }
  }

  return {
    query: (sql, values) =>
      retried(options.statementTimeoutMs, (leftMs) => on(leftMs, (query) => query(sql, values))),
    transaction: (work) =>
      retried(options.statementTimeoutMs, (leftMs) => on(leftMs, (query) => inTransaction(query, work))),
    makeRoom: connections.makeRoom,
    close: connections.close,
  };
}

/** Runs `once` up to `tries` times within the limit, as long as locks of others are the cause. */
async function retried<T>(limitMs: number, once: (leftMs: () => number) => Promise<T>): Promise<T> {
  const until = performance.now() + limitMs;
  const leftMs = (): number => Math.max(1, until - performance.now());
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await once(leftMs);
    } catch (error) {
      if (!isContention(error) || left === 0) throw failureOf(error);
      // Those that met in a deadlock come back at different times.
      await sleep(Math.random() * longestPauseMs);
    }
  }
}

function failureOf(error: unknown): Error {
  if (isOutage(error)) return error;
  if (error instanceof Error && error.message === 'Queue limit reached.')
    return new UnavailableError('overloaded', 'Too many statements wait for the store; try again later.');
  return translated(error);
}

async function inTransaction<T>(query: MysqlQuery, work: (query: MysqlQuery) => Promise<T>): Promise<T> {
  await query('START TRANSACTION');
  try {
    const result = await work(query);
    await query('COMMIT');
    return result;
  } catch (error) {
    if (!breaksConnection(error)) await query('ROLLBACK');
    throw error;
  }
}
