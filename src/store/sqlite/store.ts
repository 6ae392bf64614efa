import { apiKeyStore } from '../api-key-store.ts';
import type { ClaimTrust } from '../entities.ts';
import { migrationsUrl, readMigrations } from '../migrate.ts';
import { reportStore } from '../reports/report-queries.ts';
import { rollupRows } from '../reports/rollup.ts';
import { cacheCounts, resultsBeyond } from '../rows/counts.ts';
import { binaryColumns, photoColumns, requestColumns } from '../rows/record-rows.ts';
import { probeLookup } from '../rows/result-rows.ts';
import type { Store } from '../store.ts';
import { isRepeated } from './batches.ts';
import { addSpend, reserveSpend } from './budget.ts';
import { correctors, newestFeedback, saveClaims, saveFeedback } from './claims.ts';
import { sqliteDatabase } from './database.ts';
import { deleteSome } from './deletions.ts';
import { findErasures, saveErasures } from './erasures.ts';
import { findNearDuplicates, saveFingerprints } from './fingerprints.ts';
import { acquireLeases, releaseLeases, renewLeases } from './leases.ts';
import { maintainSqlite } from './maintenance.ts';
import { migrateSqlite } from './migrations.ts';
import { sqliteReader } from './reader.ts';
import { findRefusal, saveRefusal } from './refusals.ts';
import { sqliteReports } from './reports.ts';
import { countHits, findResults, saveResults } from './results.ts';
import { addRollups } from './rollup.ts';

export interface SqliteStoreOptions {
  /** Path of the file; it and its folder are created when missing. */
  readonly file: string;
  /** How long a statement waits for another process's lock: less than the breaker waits. Default 700. */
  readonly statementTimeoutMs?: number;
  /** Limit of a report. Default 30 000. */
  readonly reportTimeoutMs?: number;
  /** Folder of migrations instead of the product's own. */
  readonly migrations?: URL;
  /** Default: own. */
  readonly trust?: ClaimTrust;
  /** Called for every statement of the hot path. */
  readonly onStatement?: (sql: string) => void;
}

const byVersion = 'INDEXED BY results_version';

/** Longer than any report reads. */
const rewriteWaitMs = 45_000;

/** A store in one SQLite file that several processes share. Opens when first used; call `migrate` first. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const database = sqliteDatabase({
    file: options.file,
    limitMs: options.statementTimeoutMs ?? 700,
    ...(options.onStatement && { onStatement: options.onStatement }),
  });
  const trust = options.trust ?? 'own';
  const reader = sqliteReader(options.file, options.reportTimeoutMs ?? 30_000);
  const dialect = sqliteReports(database, reader);

  return {
    kind: 'sqlite',
    findResults: async (lookups) => findResults(database, lookups, trust),
    saveResults: async (results) => saveResults(database, results),
    saveClaims: async (claims) => saveClaims(database, claims),
    saveFingerprints: async (fingerprints) => saveFingerprints(database, fingerprints),
    findNearDuplicates: async (...search) => findNearDuplicates(database, ...search),
    acquireLeases: async (requests) => acquireLeases(database, requests),
    renewLeases: async (leases) => renewLeases(database, leases),
    releaseLeases: async (leases) => releaseLeases(database, leases),
    saveFeedback: async (feedback) => saveFeedback(database, feedback, trust),
    newestFeedback: async (limit) => newestFeedback(database, limit),
    correctors: async (limit) => correctors(database, limit),
    maintenance: {
      // One writer at a time, on the event loop.
      stepMs: 10,
      deleteSome: async (...rows) => deleteSome(database, reader, ...rows),
      // There are no partitions.
      dropDays: async (before) => before,
      eraseDeleted: async () =>
        void (await maintainSqlite({ task: 'rewrite', file: options.file, waitMs: rewriteWaitMs })),
      cacheCounts: async () => cacheCounts(reader.read, byVersion),
      resultsBeyond: async (most) => resultsBeyond(reader.read, byVersion, most),
      saveErasures: async (erasures) => saveErasures(database, erasures),
      findErasures: async (since) => findErasures(database, since),
    },
    countHits: async (hits, batch) => countHits(database, hits, batch),
    reserveSpend: async (amountMicro, dayAndMonth) => reserveSpend(database, amountMicro, dayAndMonth),
    addSpend: async (differenceMicro, periods) => addSpend(database, differenceMicro, periods),
    findRefusal: async (photo) => findRefusal(database, photo),
    saveRefusal: async (refusal) => saveRefusal(database, refusal),
    async saveActivity({ photos, requests, ...sums }, batch) {
      const rollups = rollupRows(sums);
      await database.exclusively((_, prepared) => {
        if (isRepeated(prepared, batch)) return;
        if (photos.length > 0) prepared(insertSql('photos', photoColumns)).run(JSON.stringify(photos));
        if (requests.length > 0)
          prepared(insertSql('requests', requestColumns)).run(JSON.stringify(requests));
        addRollups(prepared, rollups);
      });
    },
    reports: reportStore(dialect),
    apiKeys: apiKeyStore(dialect),
    async migrate(onPending) {
      // The breaker calls it after an outage, too: the path may lead to another file by now.
      await reader.close();
      return migrateSqlite(database, {
        file: options.file,
        migrations: readMigrations(options.migrations ?? new URL('sqlite/', migrationsUrl)),
        onPending,
      });
    },
    async ping() {
      await database.run(
        'INSERT INTO store_probe (id, at_ms) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms',
        Date.now(),
      );
      await findResults(database, [probeLookup], 'own');
    },
    checkConnections: async () => undefined,
    async close() {
      await reader.close();
      database.close();
    },
  };
}

/** One statement however many rows: they come as one JSON list of lists. */
function insertSql(table: string, columns: readonly string[]): string {
  const values = columns.map((column, index) =>
    binaryColumns.has(column) ? `unhex(j.value ->> ${index})` : `j.value ->> ${index}`,
  );
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM json_each(?) j`;
}
