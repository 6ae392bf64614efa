import type { Claim } from '../entities.ts';
import { claimColumns, claimRows } from '../rows/claim-rows.ts';
import type { SqliteDatabase } from './database.ts';

/** A newer claim replaces an older one; what the claimant corrected stays. */
const saveSql = `INSERT INTO album_claims (${claimColumns.join(', ')})
  SELECT unhex(j.value ->> 0), unhex(j.value ->> 1), unhex(j.value ->> 2), j.value ->> 3
  FROM json_each(?) j WHERE true
  ON CONFLICT (claimant, claimed) DO UPDATE SET content = excluded.content, at_ms = excluded.at_ms
  WHERE excluded.at_ms >= album_claims.at_ms`;

export async function saveClaims(database: SqliteDatabase, claims: readonly Claim[]): Promise<void> {
  if (claims.length > 0) await database.run(saveSql, JSON.stringify(claimRows(claims)));
}
