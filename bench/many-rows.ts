import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { ClaimTrust, StoredResult } from '../src/store/entities.ts';
import { openMysqlStore } from '../src/store/mysql/store.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';
import type { Store } from '../src/store/store.ts';

export const version = 'bench';

export interface BenchStore {
  readonly store: Store;
  /** Opens it a second time. */
  readonly name: string;
  /** Results that existed when it was opened. */
  readonly results: number;
  close(): Promise<void>;
}

export interface BenchStoreOptions {
  readonly isMysql: boolean;
  /**
   * A SQLite file, or the name of a MySQL database, that is there afterwards: filling takes minutes, and a measurement
   * wants a quiet machine. Without it the place is new, and removed when it is closed.
   */
  readonly keep?: string | undefined;
  readonly trust?: ClaimTrust;
}

/** Options of a bench among many rows: `--keep` as above, `--fill` to do nothing but fill what is kept. */
export const placeOptions = {
  mysql: { type: 'boolean', default: false },
  keep: { type: 'string' },
  fill: { type: 'boolean', default: false },
} as const;

/** Opens a SQLite file, or a database on the MySQL server that BENCH_MYSQL_URL names (root at loopback). */
export async function openBenchStore({
  isMysql,
  keep,
  trust = 'own',
}: BenchStoreOptions): Promise<BenchStore> {
  const options = { statementTimeoutMs: 60_000, trust };
  if (!isMysql) {
    const folder = keep === undefined ? mkdtempSync(join(tmpdir(), 'album-bench-')) : undefined;
    const file = keep ?? join(folder ?? '', 'album.db');
    return opened(
      openSqliteStore({ file, ...options }),
      file,
      () => folder && rmSync(folder, { recursive: true }),
    );
  }
  const url = new URL(process.env.BENCH_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306');
  const database = keep ?? `album_bench_${randomBytes(6).toString('hex')}`;
  const server = {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const store = openMysqlStore({ ...server, database, poolSize: 4, ...options });
  return opened(store, database, async () => {
    if (keep !== undefined) return;
    const connection = await createConnection(server);
    await connection.query(`DROP DATABASE ${database}`);
    await connection.end();
  });
}

async function opened(store: Store, name: string, remove: () => unknown): Promise<BenchStore> {
  await store.migrate();
  const { results } = await store.maintenance.cacheCounts();
  return { store, name, results, close: () => store.close().then(async () => void (await remove())) };
}

export const resultWith = (sha256: string): StoredResult => ({
  sha256,
  version,
  category: 'other',
  confidence: 0.9,
  description: 'a photo of something, described in a sentence of ordinary length',
  method: 'llm',
  model: 'bench',
  createdAt: 1_780_000_000_000,
});

/** Calls `save` for these items in groups, until then. @returns milliseconds it took */
export async function inGroups<T>(
  items: readonly T[],
  until: number,
  save: (items: readonly T[]) => Promise<unknown>,
): Promise<number> {
  const startedMs = performance.now();
  const group = 2000;
  for (let at = 0; at < items.length && performance.now() < until; at += group)
    await save(items.slice(at, at + group));
  return performance.now() - startedMs;
}
