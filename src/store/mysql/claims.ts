import type { Claim } from '../entities.ts';
import { claimColumns, claimRows } from '../rows/claim-rows.ts';
import type { MysqlQuery } from './connection.ts';
import { withBytes } from './results.ts';

/** A newer claim replaces an older one; what the claimant corrected stays. `at_ms` is assigned last: it is compared. */
const saveSql = `INSERT INTO album_claims (${claimColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  content = IF(VALUES(at_ms) >= at_ms, VALUES(content), content), at_ms = GREATEST(at_ms, VALUES(at_ms))`;

export async function saveClaims(query: MysqlQuery, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  await query(saveSql, [claimRows(claims).map((row) => withBytes(claimColumns, row))]);
}
