import type { Erasure } from '../entities.ts';
import type { SqliteDatabase } from './database.ts';

const saveSql = `INSERT INTO erasures (kind, name, at_ms)
  SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2 FROM json_each(?) j WHERE true
  ON CONFLICT (kind, name) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)`;

export async function saveErasures(database: SqliteDatabase, erasures: readonly Erasure[]): Promise<void> {
  if (erasures.length === 0) return;
  await database.run(saveSql, JSON.stringify(erasures.map(({ kind, name, at }) => [kind, name, at])));
}

export async function findErasures(database: SqliteDatabase, since: number): Promise<Erasure[]> {
  const rows = await database.all('SELECT kind, name, at_ms AS at FROM erasures WHERE at_ms >= ?', since);
  return rows.map((row) => ({ ...row })) as unknown as Erasure[];
}
