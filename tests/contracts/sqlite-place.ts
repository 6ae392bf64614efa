import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { StoreFixture } from './store-place.ts';

/** A file in a folder that does not exist yet. */
export async function sqliteFixture(): Promise<StoreFixture & { readonly file: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'album-store-'));
  const file = join(folder, 'new', 'folder', 'album.db');
  return {
    file,
    records: { photos: 'photos', requests: 'requests' },
    open: (hooks = {}) => openSqliteStore({ file, ...hooks }),
    async rows(sql) {
      const database = new DatabaseSync(file, { readOnly: true });
      try {
        return database.prepare(sql).all();
      } finally {
        database.close();
      }
    },
    async change(sql) {
      const database = new DatabaseSync(file);
      try {
        database.exec(sql);
      } finally {
        database.close();
      }
    },
    async empty() {
      const database = new DatabaseSync(file);
      const tables = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'schema_migrations'")
        .all();
      for (const { name } of tables) database.exec(`DELETE FROM ${name}`);
      database.close();
    },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
