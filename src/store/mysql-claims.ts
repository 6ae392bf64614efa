import {
  claimColumns,
  claimedHashes,
  claimKeys,
  claimRows,
  type TestimonyRow,
  verdictsFrom,
} from './claim-rows.ts';
import { mostTestimonies } from './claim-verdict.ts';
import { answerClaims, holdResults } from './mysql-answers.ts';
import type { MysqlQuery } from './mysql-connection.ts';
import type { MysqlPool } from './mysql-pool.ts';
import { withBytes } from './mysql-results.ts';
import type { Claim } from './store.ts';

/** A newer claim replaces an older one; what the claimant corrected stays. `at_ms` is assigned last: all read it. */
const claimSql = `INSERT INTO hash_claims (${claimColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  content = IF(VALUES(at_ms) >= at_ms, VALUES(content), content),
  category = IF(VALUES(at_ms) >= at_ms, VALUES(category), category),
  network = IF(VALUES(at_ms) >= at_ms, VALUES(network), network),
  at_ms = GREATEST(at_ms, VALUES(at_ms))`;

const reviseSql =
  'INSERT INTO claim_verdicts (claimed) VALUES ? ON DUPLICATE KEY UPDATE revision = revision + 1';

const testimonySql = `(SELECT v.claimed, v.revision, c.claimant, c.content, c.category, c.network, c.at_ms,
    LPAD(HEX(l.hash), 16, '0') AS hash, l.colours, l.aspect
  FROM claim_verdicts v JOIN hash_claims c ON c.claimed = v.claimed LEFT JOIN looks l ON l.sha256 = c.content
  WHERE v.claimed = ? ORDER BY c.claimant LIMIT ${mostTestimonies})`;

const verdictColumns = ['claimed', 'content', 'category', 'newest', 'witnesses', 'conflicts', 'revision'];

/** Inserts nothing: the row is there since `reviseSql`. A verdict that a newer claim overtook is dropped. */
const verdictSql = `INSERT INTO claim_verdicts (${verdictColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  ${verdictColumns
    .slice(1, -1)
    .map((column) => `${column} = IF(revision = VALUES(revision), VALUES(${column}), ${column})`)
    .join(', ')}`;

/** Hashes whose claims one statement reads. */
const hashesAtOnce = 50;

/** One transaction: what the claims lead to is seen when they are. */
export async function saveClaims(pool: MysqlPool, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  const rows = claimRows(claims).map((row) => withBytes(claimColumns, row));
  const keys = claimKeys(claims);
  const hashes = claimedHashes(claims);
  await pool.transaction(async (query) => {
    await holdResults(query, { contents: claims.map(({ content }) => content), hashes });
    await query(claimSql, [rows]);
    await settleClaims(query, hashes);
    await answerClaims(query, keys);
  });
}

/**
 * Settles anew what the claims on these hashes amount to; within a transaction. Whoever saves a claim raises the
 * revision after it and reads after that: the last of several at once has read the claims of all of them, and only it
 * may write.
 */
export async function settleClaims(query: MysqlQuery, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return;
  await query(reviseSql, [hashes.map((hash) => [Buffer.from(hash, 'hex')])]);
  for (let at = 0; at < hashes.length; at += hashesAtOnce) {
    const some = hashes.slice(at, at + hashesAtOnce);
    const sql = some.map(() => testimonySql).join(' UNION ALL ');
    const rows = await query(
      sql,
      some.map((hash) => Buffer.from(hash, 'hex')),
    );
    const verdicts = verdictsFrom(rows as unknown as readonly TestimonyRow[]);
    const values = verdicts.map(({ claimed, revision, verdict }) =>
      withBytes(verdictColumns, [
        claimed,
        verdict.content,
        verdict.category,
        verdict.newest,
        verdict.witnesses,
        verdict.conflicts,
        revision,
      ]),
    );
    if (values.length > 0) await query(verdictSql, [values]);
  }
}
