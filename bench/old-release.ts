/** A database of the release before migration 050. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { readTaxonomy } from '../src/classify/taxonomy.ts';
import { configFrom } from '../src/config.ts';
import { migrationsUrl, readMigrations } from '../src/store/migrate.ts';
import { openMysqlStore } from '../src/store/mysql/store.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';
import { promptOf } from '../src/vision/prompt.ts';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const photosOfUser = 1000;

/** Of results that a service with its defaults finds. */
function builtInVersion(): string {
  const taxonomy = readTaxonomy(undefined);
  const prompt = promptOf({ taxonomy, ...configFrom({}).prompt });
  return `${taxonomy.version}/${prompt.version}/0`;
}

export interface KnownClaim {
  readonly claimed: string;
  readonly content: string;
  readonly userId: string;
  readonly claimant: string;
}

export function knownClaim(index: number): KnownClaim {
  const userId = `user ${Math.floor(index / photosOfUser)}`;
  const claimant = hashOf(`user:${userId}`).slice(0, 32);
  return { claimed: hashOf(`original ${index}`), content: hashOf(`content ${index}`), userId, claimant };
}

const isMysql = (database: string) => database.startsWith('mysql://');

/** Runs the migrations whose number is below that. */
async function migrateBelow(database: string, number: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'album-migrations-'));
  const all = new URL(isMysql(database) ? 'mysql/' : 'sqlite/', migrationsUrl);
  for (const { name } of readMigrations(all).filter((one) => one.name < number))
    copyFileSync(fileURLToPath(new URL(`${name}.sql`, all)), join(folder, `${name}.sql`));
  const migrations = pathToFileURL(`${folder}/`);
  const { store } = configFrom(isMysql(database) ? { DATABASE_URL: database } : { SQLITE_FILE: database });
  const opened =
    store.kind === 'mysql'
      ? openMysqlStore({ ...store, migrations })
      : openSqliteStore({ ...store, migrations });
  await opened.migrate();
  await opened.close();
  rmSync(folder, { recursive: true });
}

/** Results and claims first; the release's own migration makes the answers of them. */
export async function fillOldRelease(database: string, count: number): Promise<void> {
  await migrateBelow(database, '040');
  const run = await openRun(database);
  await run.statement("INSERT INTO categories (category) VALUES ('other')");
  // In the order of their keys, so that each page is written once.
  const sorted = (key: 'content' | 'claimed') =>
    Array.from({ length: count }, (_, index) => knownClaim(index)).sort((a, b) => (a[key] < b[key] ? -1 : 1));
  const result = [
    builtInVersion(),
    'other',
    0.9,
    'a photo of something, described in a sentence of ordinary length',
  ];
  const more = ['llm', 'bench', Date.now(), Date.now()];
  const resultColumns =
    'sha256, version, category, confidence, description, method, model, created_at_ms, used_at_ms';
  await run.rows(
    'results',
    resultColumns,
    sorted('content').map(({ content }) => [bytes(content), ...result, ...more]),
  );
  await run.rows(
    'hash_claims',
    'claimed, claimant, content, category, network, at_ms',
    sorted('claimed').map(({ claimed, claimant, content }) => [
      bytes(claimed),
      bytes(claimant),
      bytes(content),
      'other',
      '192.0.2.0/24',
      1_780_000_000_000,
    ]),
  );
  await run.statement(`INSERT INTO claim_verdicts (claimed, content, category, newest, witnesses)
    SELECT claimed, content, category, content, 1 FROM hash_claims`);
  await run.looks();
  await run.close();
  await migrateBelow(database, '050');
}

const bytes = (hex: string) => Buffer.from(hex, 'hex');
type Cell = Buffer | string | number;

interface Run {
  statement(sql: string): Promise<unknown>;
  rows(table: string, columns: string, rows: readonly (readonly Cell[])[]): Promise<void>;
  looks(): Promise<unknown>;
  close(): Promise<void>;
}

async function openRun(database: string): Promise<Run> {
  if (!isMysql(database)) return sqliteRun(new DatabaseSync(database));
  const connection = await createConnection(database);
  return {
    statement: (sql) => connection.query(sql),
    async rows(table, columns, rows) {
      for (let at = 0; at < rows.length; at += 2000)
        await connection.query(`INSERT INTO ${table} (${columns}) VALUES ?`, [rows.slice(at, at + 2000)]);
    },
    looks: () =>
      connection.query(`INSERT INTO looks (sha256, hash, band_a, band_b, band_c, colours, aspect)
        SELECT sha256, CONV(HEX(SUBSTR(sha256, 1, 8)), 16, 10), CONV(HEX(SUBSTR(sha256, 1, 2)), 16, 10),
          CONV(HEX(SUBSTR(sha256, 3, 2)), 16, 10), CONV(HEX(SUBSTR(sha256, 5, 2)), 16, 10), RPAD(sha256, 48, sha256),
          1333 FROM results`),
    close: () => connection.end(),
  };
}

function sqliteRun(database: DatabaseSync): Run {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
  return {
    statement: async (sql) => database.exec(sql),
    async rows(table, columns, rows) {
      const marks = columns.replace(/\w+/g, '?');
      const insert = database.prepare(`INSERT INTO ${table} (${columns}) VALUES (${marks})`);
      database.exec('BEGIN');
      for (const row of rows) insert.run(...row);
      database.exec('COMMIT');
    },
    looks: async () =>
      database.exec(`INSERT INTO looks (sha256, hash, band_a, band_b, band_c, colours, aspect)
        SELECT sha256, substr(sha256, 1, 8), abs(random()) % 4194304, abs(random()) % 2097152,
          abs(random()) % 2097152, CAST(sha256 || substr(sha256, 1, 16) AS BLOB), 1333 FROM results`),
    close: async () => database.close(),
  };
}

/** A look-up of a claim by the previous release. */
export async function openOldLookups(database: string) {
  const condition = 'FROM answers WHERE hash = ? AND asker = ?';
  if (!isMysql(database)) {
    const file = new DatabaseSync(database, { readOnly: true });
    return {
      find: async ({ claimed, claimant }: KnownClaim) =>
        file.prepare(`SELECT category ${condition}`).get(bytes(claimed), bytes(claimant)) !== undefined,
      close: async () => file.close(),
    };
  }
  const connection = await createConnection(database);
  return {
    async find({ claimed, claimant }: KnownClaim) {
      const [found] = await connection.query(`SELECT category ${condition}`, [
        bytes(claimed),
        bytes(claimant),
      ]);
      return Array.isArray(found) && found.length > 0;
    },
    close: () => connection.end(),
  };
}
