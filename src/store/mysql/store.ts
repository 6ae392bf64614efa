import { randomInt } from 'node:crypto';
import { serialQueue } from '../../resilience/serial-queue.ts';
import { apiKeyStore } from '../api-key-store.ts';
import type { ClaimTrust } from '../entities.ts';
import { reportStore } from '../reports/report-queries.ts';
import { rollupRows } from '../reports/rollup.ts';
import { cacheCounts, resultsBeyond } from '../rows/counts.ts';
import { photoColumns, requestColumns } from '../rows/record-rows.ts';
import type { Store } from '../store.ts';
import { isRepeated } from './batches.ts';
import { addSpend, reserveSpend } from './budget.ts';
import { correctors, newestFeedback, saveClaims, saveFeedback } from './claims.ts';
import { connectionOptions, type MysqlQuery, type MysqlServer, withConnection } from './connection.ts';
import { recordTables, rotateDays } from './days.ts';
import { deleteSome } from './deletions.ts';
import { findErasures, saveErasures } from './erasures.ts';
import { findNearDuplicates, saveFingerprints } from './fingerprints.ts';
import { connectionWarning, ping } from './health.ts';
import { acquireLeases, releaseLeases, renewLeases } from './leases.ts';
import { migrateMysql } from './migrations.ts';
import { openMysqlPool } from './pool.ts';
import { findRefusal, saveRefusal } from './refusals.ts';
import { mysqlReports } from './reports.ts';
import { countHits, findResults, saveResults, withBytes } from './results.ts';
import { addRollups } from './rollup.ts';

export interface MysqlStoreOptions extends MysqlServer {
  /** Connections per process, 1 or more. */
  readonly poolSize: number;
  /** Limit of every statement of the hot path. Default 1000. */
  readonly statementTimeoutMs?: number;
  /** Limit of every statement of a report. Default 30 000. */
  readonly reportTimeoutMs?: number;
  /** Limit of every statement of a migration, some of which touch every row there is. Default 3 600 000. */
  readonly migrationTimeoutMs?: number;
  /** Folder of migrations instead of the product's own. */
  readonly migrations?: URL;
  /** Default: own. */
  readonly trust?: ClaimTrust;
  /** Called for every statement of the hot path. */
  readonly onStatement?: (sql: string) => void;
}

const byVersion = 'FORCE INDEX (results_version)';

/** Limit of every statement that adds or drops days: one that is cut short would begin anew in each round. */
const rotationTimeoutMs = 600_000;

/** A store on MySQL 8.0.19+ or MariaDB 10.6+. Connects when first used; call `migrate` first. */
export function openMysqlStore(options: MysqlStoreOptions): Store {
  const statementTimeoutMs = options.statementTimeoutMs ?? 1000;
  const reportTimeoutMs = options.reportTimeoutMs ?? 30_000;
  const migrationTimeoutMs = options.migrationTimeoutMs ?? 3_600_000;
  const pool = openMysqlPool({ ...options, statementTimeoutMs });
  const { query } = pool;
  const trust = options.trust ?? 'own';
  const inTurn = serialQueue();

  const { makeRoom } = pool;
  const connection = { ...connectionOptions(options, statementTimeoutMs), makeRoom };
  const separately = <T>(report: (query: MysqlQuery) => Promise<T>): Promise<T> =>
    inTurn(() => withConnection(connection, reportTimeoutMs, report));
  const dialect = mysqlReports(query, separately);

  return {
    kind: 'mysql',
    findResults: async (lookups) => findResults(query, lookups, trust),
    saveResults: async (results) => saveResults(query, results),
    saveClaims: async (claims) => saveClaims(query, claims),
    saveFingerprints: async (fingerprints) => saveFingerprints(query, fingerprints),
    findNearDuplicates: async (...search) => findNearDuplicates(query, ...search),
    acquireLeases: async (requests) => acquireLeases(query, requests),
    renewLeases: async (leases) => renewLeases(query, leases),
    releaseLeases: async (leases) => releaseLeases(query, leases),
    saveFeedback: async (feedback) => saveFeedback(pool, feedback, trust),
    newestFeedback: async (limit) => newestFeedback(query, limit),
    correctors: async (limit) => correctors(query, limit),
    maintenance: {
      // A step locks only the rows that it deletes.
      stepMs: 100,
      deleteSome: async (deletion, limit) => deleteSome(pool, deletion, limit),
      dropDays: (before, now) =>
        withConnection(connection, rotationTimeoutMs, (query) => rotateDays(query, before, now)),
      // The server overwrites them when it needs their room.
      eraseDeleted: async () => undefined,
      cacheCounts: () => separately((query) => cacheCounts(query, byVersion)),
      resultsBeyond: (most) => separately((query) => resultsBeyond(query, byVersion, most)),
      saveErasures: async (erasures) => saveErasures(query, erasures),
      findErasures: async (since) => findErasures(query, since),
    },
    countHits: async (hits, batch) => countHits(pool, hits, batch),
    reserveSpend: async (amountMicro, dayAndMonth) => reserveSpend(pool, amountMicro, dayAndMonth),
    addSpend: async (differenceMicro, periods) => addSpend(query, differenceMicro, periods),
    findRefusal: async (photo) => findRefusal(query, photo),
    saveRefusal: async (refusal) => saveRefusal(query, refusal),
    async saveActivity({ photos, requests, ...sums }, batch) {
      const rollups = rollupRows(sums);
      await pool.transaction(async (query) => {
        if (await isRepeated(query, batch)) return;
        await insertRecords(query, recordTables.photos.table, photoColumns, photos);
        await insertRecords(query, recordTables.requests.table, requestColumns, requests);
        await addRollups(query, rollups);
      });
    },
    reports: reportStore(dialect),
    apiKeys: apiKeyStore(dialect),

    migrate: (onPending) =>
      migrateMysql({
        ...options,
        makeRoom,
        connectTimeoutMs: statementTimeoutMs,
        migrationTimeoutMs,
        ...(options.migrations && { folder: options.migrations }),
        ...(onPending && { onPending }),
      }),

    ping: async () => ping(query),
    checkConnections: async (workers) => connectionWarning(query, options.poolSize, workers),
    close: () => pool.close(),
  };
}

/** Their ids are random, which tells records of one claimant and millisecond apart: no server counts them. */
async function insertRecords(
  query: MysqlQuery,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
) {
  if (rows.length === 0) return;
  const values = rows.map((row) => [randomInt(2 ** 48 - 1), ...withBytes(columns, row)]);
  await query(`INSERT INTO ${table} (id, ${columns.join(', ')}) VALUES ?`, [values]);
}
