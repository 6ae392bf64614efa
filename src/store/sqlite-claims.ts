import {
  claimColumns,
  claimedHashes,
  claimKeys,
  claimRows,
  type TestimonyRow,
  verdictsFrom,
} from './claim-rows.ts';
import { mostTestimonies } from './claim-verdict.ts';
import { answerClaims } from './sqlite-answers.ts';
import type { Prepare, SqliteDatabase } from './sqlite-database.ts';
import type { Claim } from './store.ts';

/** A newer claim replaces an older one; what the claimant corrected stays. */
const claimSql = `INSERT INTO hash_claims (${claimColumns.join(', ')})
  SELECT unhex(j.value ->> 0), unhex(j.value ->> 1), unhex(j.value ->> 2), j.value ->> 3, j.value ->> 4, j.value ->> 5
  FROM json_each(?) j WHERE true
  ON CONFLICT (claimed, claimant) DO UPDATE SET
    content = excluded.content, category = excluded.category, network = excluded.network, at_ms = excluded.at_ms
  WHERE excluded.at_ms >= hash_claims.at_ms`;

const testimonySql = `SELECT c.claimed, 0 AS revision, c.claimant, c.content, c.category, c.network, c.at_ms,
    hex(l.hash) AS hash, l.colours, l.aspect
  FROM hash_claims c LEFT JOIN looks l ON l.sha256 = c.content
  WHERE c.claimed = ? ORDER BY c.claimant LIMIT ${mostTestimonies}`;

const verdictSql = `INSERT INTO claim_verdicts (claimed, content, category, newest, witnesses, conflicts)
  VALUES (unhex(?), unhex(?), ?, unhex(?), ?, ?)
  ON CONFLICT (claimed) DO UPDATE SET content = excluded.content, category = excluded.category,
    newest = excluded.newest, witnesses = excluded.witnesses, conflicts = excluded.conflicts,
    revision = revision + 1`;

/** One transaction that no other process can come between. */
export async function saveClaims(database: SqliteDatabase, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  const rows = JSON.stringify(claimRows(claims));
  const hashes = claimedHashes(claims);
  await database.exclusively((_, prepared) => {
    prepared(claimSql).run(rows);
    settleClaims(prepared, hashes);
    answerClaims(prepared, claimKeys(claims));
  });
}

/** Settles anew what the claims on these hashes amount to; within a transaction. */
export function settleClaims(prepared: Prepare, hashes: readonly string[]): void {
  const read = prepared(testimonySql);
  const write = prepared(verdictSql);
  for (const hash of hashes) {
    const rows = read.all(Buffer.from(hash, 'hex')) as unknown as TestimonyRow[];
    for (const { claimed, verdict } of verdictsFrom(rows.map(withoutEmptyHash)))
      write.run(
        claimed,
        verdict.content,
        verdict.category,
        verdict.newest,
        verdict.witnesses,
        verdict.conflicts,
      );
  }
}

/** `hex(NULL)` is an empty text. */
function withoutEmptyHash(row: TestimonyRow): TestimonyRow {
  return row.hash === '' ? { ...row, hash: null } : row;
}
