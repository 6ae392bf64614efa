import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type Pool, type PoolConnection } from 'mysql2';
import { minuteMs } from '../../durations.ts';
import { outage } from '../outage.ts';
import { connectionOptions, destroyConnection, type MysqlServer } from './connection.ts';
import { isConnectionLimit } from './errors.ts';

export interface PooledConnectionOptions extends MysqlServer {
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  /** Most statements that may wait for a connection. */
  readonly maxWaiting: number;
}

/** How long the pool stays smaller after the server refused a connection. */
const smallForMs = minuteMs;

/** Between two tries to open the first connection that the server refuses to grant. */
const refusedPauseMs = 20;

/**
 * Connections of one process. None is handed out that was opened before the last call of `suspect`. Where the server
 * grants fewer than the pool wants, the pool makes do with those it has.
 */
export function openPooledConnections(options: PooledConnectionOptions) {
  const { poolSize } = options;
  const pool = createPool({
    ...connectionOptions(options, options.connectTimeoutMs),
    connectionLimit: poolSize,
    maxIdle: Math.ceil(poolSize / 2),
    idleTimeout: 60_000,
    waitForConnections: true,
    queueLimit: options.maxWaiting,
  });
  const openedAt = new WeakMap<PoolConnection, number>();
  const open = new Set<PoolConnection>();
  let suspectUntil = Number.NEGATIVE_INFINITY;
  let limit = poolSize;
  let growth: NodeJS.Timeout | undefined;

  pool.on('connection', (connection) => {
    openedAt.set(connection, performance.now());
    open.add(connection);
    connection.on('end', () => open.delete(connection));
    // Errors reach the statement in flight; without a listener one between two statements would end the process.
    connection.on('error', () => open.delete(connection));
  });

  function setLimit(count: number): void {
    limit = Math.max(1, count);
    setPoolLimit(pool, limit);
    clearTimeout(growth);
    if (limit < poolSize) growth = setTimeout(() => setLimit(poolSize), smallForMs).unref();
  }

  async function take(leftMs: () => number): Promise<PoolConnection> {
    for (;;) {
      try {
        return await takeWithin(pool, leftMs());
      } catch (error) {
        if (!isConnectionLimit(error)) throw error;
        setLimit(open.size);
        // Connections that have just been closed still count at the server, and those that are being opened not here.
        if (open.size === 0) await sleep(refusedPauseMs);
        if (leftMs() <= refusedPauseMs) throw error;
      }
    }
  }

  function drop(connection: PoolConnection): void {
    open.delete(connection);
    destroyConnection(connection);
  }

  return {
    drop,
    /** @throws outage, or the driver's own error */
    async acquire(leftMs: () => number): Promise<PoolConnection> {
      for (;;) {
        const connection = await take(leftMs);
        if ((openedAt.get(connection) ?? 0) > suspectUntil) return connection;
        drop(connection);
      }
    },
    release(connection: PoolConnection): void {
      if (open.size > limit) drop(connection);
      else connection.release();
    },
    suspect(): void {
      suspectUntil = performance.now();
    },
    /** Closes one of several connections, for one outside of the pool. */
    async makeRoom(): Promise<void> {
      if (open.size < 2) return;
      setLimit(open.size - 1);
      drop(await takeWithin(pool, options.connectTimeoutMs));
    },
    async close(): Promise<void> {
      clearTimeout(growth);
      await endWithin(pool, options.connectTimeoutMs);
      for (const connection of open) destroyConnection(connection);
      open.clear();
    },
  };
}

/** Lets statements in flight finish. */
async function endWithin(pool: Pool, limitMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => pool.end(() => resolve()));
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([ended, timeout]);
  clearTimeout(timer);
}

/** The driver reads its limit each time it opens a connection, and has no method to change it. */
function setPoolLimit(pool: Pool, limit: number): void {
  const { config } = pool as unknown as { config: { connectionLimit: number } };
  config.connectionLimit = limit;
}

function takeWithin(pool: Pool, limitMs: number): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(outage(`no MySQL connection within ${Math.round(limitMs)} ms`));
    }, limitMs);
    pool.getConnection((error, connection) => {
      clearTimeout(timer);
      if (isLate) connection?.release();
      else if (error) reject(error);
      else resolve(connection);
    });
  });
}
