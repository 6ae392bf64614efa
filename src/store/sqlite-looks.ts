import { hexKey } from './columns.ts';
import { bandsOf, checkedLook } from './look.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { ContentLook } from './store.ts';

/** A content never looks different: what is there stays. */
const saveSql = `INSERT INTO looks (sha256, hash, band_a, band_b, band_c, colours, aspect)
  SELECT unhex(j.value ->> 0), unhex(j.value ->> 1), j.value ->> 2, j.value ->> 3, j.value ->> 4, unhex(j.value ->> 5),
    j.value ->> 6
  FROM json_each(?) j WHERE true ON CONFLICT (sha256) DO NOTHING`;

export async function saveLooks(database: SqliteDatabase, looks: readonly ContentLook[]): Promise<void> {
  if (looks.length === 0) return;
  const rows = looks.map(({ sha256, look }) => {
    const { hash, colours, aspect } = checkedLook(look);
    return [hexKey(sha256, 32), hash, ...bandsOf(hash), colours, aspect];
  });
  await database.run(saveSql, JSON.stringify(rows));
}
