import type { ClaimTrust } from '../entities.ts';
import type { LookupReader } from '../read-replica.ts';
import type { MysqlServer } from './connection.ts';
import { openMysqlPool } from './pool.ts';
import { findResults } from './results.ts';

export interface MysqlReaderOptions extends MysqlServer {
  /** Connections per process, 1 or more. */
  readonly poolSize: number;
  readonly trust: ClaimTrust;
  /** Limit of a statement, in milliseconds. Default 500: then the primary still answers in time. */
  readonly statementTimeoutMs?: number;
}

/** Look-ups on a server that may be read-only. Connects when first used. */
export function openMysqlReader(options: MysqlReaderOptions): LookupReader {
  const pool = openMysqlPool({ ...options, statementTimeoutMs: options.statementTimeoutMs ?? 500 });
  return {
    findResults: (lookups) => findResults(pool.query, lookups, options.trust),
    close: () => pool.close(),
  };
}
