import { openAnswerBacklog } from './answer-backlog.ts';
import { apiKeyStore } from './api-key-store.ts';
import { countSql, countsOf, versionsSql } from './deletions.ts';
import { type Migration, migrationsUrl, pendingOf, readMigrations } from './migrate.ts';
import { binaryColumns, photoColumns, requestColumns } from './record-rows.ts';
import { reportStore } from './report-store.ts';
import { rollupRows } from './rollup.ts';
import { answerClaimsOn } from './sqlite-answers.ts';
import { addSpend, reserveSpend } from './sqlite-budget.ts';
import { saveClaims } from './sqlite-claims.ts';
import { type SqliteDatabase, sqliteDatabase } from './sqlite-database.ts';
import { deleteSome } from './sqlite-deletions.ts';
import { correctors, newestFeedback, saveFeedback } from './sqlite-feedback.ts';
import { findNearDuplicates, saveFingerprints } from './sqlite-fingerprints.ts';
import { acquireLeases, releaseLeases, renewLeases } from './sqlite-leases.ts';
import { saveLooks } from './sqlite-looks.ts';
import { sqliteReader } from './sqlite-reader.ts';
import { findRefusal, saveRefusal } from './sqlite-refusals.ts';
import { sqliteReports } from './sqlite-reports.ts';
import { countHits, findResults, saveResults } from './sqlite-results.ts';
import { addRollups } from './sqlite-rollup.ts';
import { findTwins } from './sqlite-twins.ts';
import type { ClaimSharing, Store } from './store.ts';

export interface SqliteStoreOptions {
  /** Path of the file; it and its folder are created when missing. */
  readonly file: string;
  /** How long a statement waits for another process's lock. Default 1000. */
  readonly statementTimeoutMs?: number;
  /** Limit of a report. Default 30 000. */
  readonly reportTimeoutMs?: number;
  /** Folder of migrations instead of the product's own. */
  readonly migrations?: URL;
  /** The taxonomy's keys, written down by `migrate`: results of other categories are refused. */
  readonly categories?: readonly string[];
  /** Whose claims count for others; nobody's unless given. */
  readonly sharing?: ClaimSharing;
  /** Called for every statement of the hot path. */
  readonly onStatement?: () => void;
}

/** A store in one SQLite file that several processes share. Opens when first used; `migrate` comes before everything else. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const database = sqliteDatabase({
    file: options.file,
    limitMs: options.statementTimeoutMs ?? 1000,
    ...(options.onStatement && { onStatement: options.onStatement }),
  });
  const reader = sqliteReader(options.file, options.reportTimeoutMs ?? 30_000);
  const dialect = sqliteReports(database, reader);
  const backlog = openAnswerBacklog((content, page) =>
    database.exclusively((_, prepared) => answerClaimsOn(prepared, [content], page)),
  );

  /** Records and what they add to the roll-ups, or neither. */
  return {
    kind: 'sqlite',
    findResults: async (lookups) => findResults(database, lookups, options.sharing),
    saveResults: async (results) => saveResults(database, results, backlog),
    saveClaims: async (claims) => saveClaims(database, claims),
    saveLooks: async (looks) => saveLooks(database, looks),
    findTwins: async (look, version) => findTwins(database, look, version),
    saveFingerprints: async (fingerprints) => saveFingerprints(database, fingerprints),
    findNearDuplicates: async (...search) => findNearDuplicates(database, ...search),
    acquireLeases: async (requests) => acquireLeases(database, requests),
    renewLeases: async (leases) => renewLeases(database, leases),
    releaseLeases: async (leases) => releaseLeases(database, leases),
    saveFeedback: async (feedback) => saveFeedback(database, feedback),
    newestFeedback: async (limit) => newestFeedback(database, limit),
    correctors: async (limit) => correctors(database, limit),
    deleteSome: async (deletion, limit) => deleteSome(database, deletion, limit),
    async cacheCounts() {
      const queries = [versionsSql, ...Object.values(countSql)];
      const [versions = [], ...counts] = await Promise.all(queries.map((sql) => reader.read(sql, [])));
      const [claims = 0, conflicts = 0, feedback = 0] = counts.map(([row]) => Number(row?.n ?? 0));
      return countsOf(versions, [claims, conflicts, feedback]);
    },
    countHits: async (hits) => countHits(database, hits),
    reserveSpend: async (amountMicro, dayAndMonth) => reserveSpend(database, amountMicro, dayAndMonth),
    addSpend: async (differenceMicro, periods) => addSpend(database, differenceMicro, periods),
    findRefusal: async (photo) => findRefusal(database, photo),
    saveRefusal: async (refusal) => saveRefusal(database, refusal, Date.now()),
    async saveActivity({ photos, requests, ...sums }) {
      const rollups = rollupRows(sums);
      await database.exclusively((_, prepared) => {
        if (photos.length > 0) prepared(insertSql('photos', photoColumns)).run(JSON.stringify(photos));
        if (requests.length > 0)
          prepared(insertSql('requests', requestColumns)).run(JSON.stringify(requests));
        addRollups(prepared, rollups);
      });
    },
    reports: reportStore(dialect),
    apiKeys: apiKeyStore(dialect),
    async migrate() {
      const folder = options.migrations ?? new URL('sqlite/', migrationsUrl);
      const ran = await migrateSqlite(database, readMigrations(folder));
      if (options.categories)
        await database.run(
          'INSERT OR IGNORE INTO categories SELECT value FROM json_each(?)',
          JSON.stringify(options.categories),
        );
      return ran;
    },
    ping: async () =>
      database.run(
        'INSERT INTO store_probe (id, at_ms) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms',
        Date.now(),
      ),
    checkConnections: async () => undefined,
    async close() {
      await backlog.close();
      await reader.close();
      database.close();
    },
  };
}

const migrationWaitMs = 10_000;

/** One statement however many rows: they come as one JSON list of lists. */
function insertSql(table: string, columns: readonly string[]): string {
  const values = columns.map((column, index) =>
    binaryColumns.has(column) ? `unhex(j.value ->> ${index})` : `j.value ->> ${index}`,
  );
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM json_each(?) j`;
}

async function migrateSqlite(
  database: SqliteDatabase,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  return database.exclusively((connection) => {
    connection.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT`);
    const applied = connection.prepare('SELECT name, checksum FROM schema_migrations').all();
    const record = connection.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?)');
    const pending = pendingOf(
      migrations,
      new Map(applied.map(({ name, checksum }) => [String(name), String(checksum)])),
    );
    for (const { name, sql, checksum } of pending) {
      connection.exec(sql);
      record.run(name, checksum, Date.now());
    }
    return pending.map(({ name }) => name);
    // Others that migrate at the same time take longer than one statement.
  }, migrationWaitMs);
}
