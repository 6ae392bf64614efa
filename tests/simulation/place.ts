import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { SimulatedPlace } from './run-scenario.ts';

type Row = Readonly<Record<string, unknown>>;

export interface Place extends SimulatedPlace {
  rows(sql: string): readonly Row[];
  /** Files of journals that are left. */
  journals(): readonly string[];
  empty(): void;
  close(): Promise<void>;
}

/** A real database and a folder for journals, in memory where the system allows it. */
export async function openPlace(): Promise<Place> {
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'album-simulation-'));
  const file = join(root, 'album.db');
  const folder = join(root, 'journals');
  mkdirSync(folder);
  const store = openSqliteStore({ file });
  await store.migrate();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = OFF');
  const tables = database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('schema_migrations', 'categories')",
    )
    .all();
  const emptySql = tables.map(({ name }) => `DELETE FROM ${name};`).join('');
  return {
    store,
    folder,
    rows: (sql) => database.prepare(sql).all(),
    journals: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.includes('.db')),
    empty() {
      database.exec(`BEGIN; ${emptySql} COMMIT`);
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    },
    async close() {
      await store.close();
      database.close();
      rmSync(root, { recursive: true });
    },
  };
}
