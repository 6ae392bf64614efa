import type { PhotoVersion, Refusal } from '../entities.ts';
import { hexKey, versionKey } from '../rows/columns.ts';
import type { SqliteDatabase } from './database.ts';

export async function findRefusal(
  database: SqliteDatabase,
  { sha256, version }: PhotoVersion,
): Promise<number | undefined> {
  const [row] = await database.all(
    'SELECT until_ms FROM refusals WHERE sha256 = unhex(?) AND version = ?',
    hexKey(sha256, 32),
    versionKey(version),
  );
  return row && Number(row.until_ms);
}

export async function saveRefusal(
  database: SqliteDatabase,
  { sha256, version, until }: Refusal,
): Promise<void> {
  await database.run(
    `INSERT INTO refusals (sha256, version, until_ms) VALUES (unhex(?), ?, ?)
      ON CONFLICT (sha256, version) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)`,
    hexKey(sha256, 32),
    versionKey(version),
    until,
  );
}
