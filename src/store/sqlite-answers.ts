import {
  type AnsweredClaim,
  answerColumns,
  answersAtOnce,
  type ClaimKey,
  ownColumns,
  sharedColumns,
  sharedJoin,
  sharedKeys,
  sortedKeys,
  verifiedAsker,
  verifiedColumns,
} from './answer-rows.ts';
import type { Prepare } from './sqlite-database.ts';

/** All of these run within a transaction, which no other process comes between. */

const verifiedSql = `INSERT OR REPLACE INTO answers (${answerColumns}) SELECT ${verifiedColumns} FROM json_each(?) j
  CROSS JOIN results r ON r.sha256 = unhex(j.value ->> 0) AND r.version = j.value ->> 1`;

/** @param keys JSON list of lists that begin with a hash and a version */
export function answerVerified(prepared: Prepare, keys: string): void {
  prepared(verifiedSql).run(keys);
}

const dropSql = `DELETE FROM answers WHERE (hash, asker) IN (
  SELECT unhex(value ->> 0), unhex(value ->> 1) FROM json_each(?))`;

const ownSql = `INSERT INTO answers (${answerColumns}) SELECT ${ownColumns} FROM json_each(?) j
  CROSS JOIN hash_claims c ON c.claimed = unhex(j.value ->> 0) AND c.claimant = unhex(j.value ->> 1)
  CROSS JOIN results r ON r.sha256 = c.content`;

const sharedSql = `INSERT INTO answers (${answerColumns}) SELECT ${sharedColumns}
  FROM json_each(?) j
  CROSS JOIN claim_verdicts v ON v.claimed = unhex(j.value ->> 0) CROSS JOIN results r ON ${sharedJoin}`;

/** What these claims, be they gone, and all others on their hashes lead to. */
export function answerClaims(prepared: Prepare, keys: readonly ClaimKey[]): void {
  if (keys.length === 0) return;
  const own = sortedKeys(keys);
  const shared = sharedKeys(own);
  prepared(dropSql).run(JSON.stringify([...own, ...shared]));
  prepared(ownSql).run(JSON.stringify(own));
  prepared(sharedSql).run(JSON.stringify(shared));
}

const claimsSql = `SELECT lower(hex(c.content)) AS content, lower(hex(c.claimed)) AS claimed,
    lower(hex(c.claimant)) AS claimant
  FROM json_each(?1) j CROSS JOIN hash_claims c INDEXED BY hash_claims_content
    ON c.content = unhex(j.value) AND (c.claimed, c.claimant) > (unhex(?2), unhex(?3))
  LIMIT ?4`;

/**
 * Answers claims that there are on these contents, as many as that, of those behind a key.
 * @returns which they were, in the order of contents and keys
 */
export function answerClaimsOn(
  prepared: Prepare,
  contents: readonly string[],
  { after: [claimed, claimant] = ['', ''], limit }: { after?: ClaimKey | undefined; limit: number },
): AnsweredClaim[] {
  const rows = prepared(claimsSql).all(JSON.stringify(contents), claimed, claimant, limit);
  const claims = rows.map(
    (row): AnsweredClaim => ({
      content: String(row.content),
      key: [String(row.claimed), String(row.claimant)],
    }),
  );
  answerClaims(
    prepared,
    claims.map(({ key }) => key),
  );
  return claims;
}

const dropCopiesSql = `DELETE FROM answers WHERE (hash, asker, version) IN (
  SELECT a.hash, a.asker, a.version FROM json_each(?1) j CROSS JOIN answers a INDEXED BY answers_content
    ON a.content = unhex(j.value ->> 0) AND a.version = j.value ->> 1
  LIMIT ${answersAtOnce})`;

const dropVerifiedSql = `DELETE FROM answers WHERE (hash, asker, version) IN (
  SELECT unhex(value ->> 0), ${verifiedAsker}, value ->> 1 FROM json_each(?))`;

/**
 * What claims on these results lead to, `answersAtOnce` at most, and then what these themselves do.
 * @returns how many claims' answers there were: where as many as may be, there may be more
 */
export function dropAnswers(prepared: Prepare, results: readonly (readonly [string, string])[]): number {
  const keys = JSON.stringify(results);
  const dropped = Number(prepared(dropCopiesSql).run(keys).changes);
  if (dropped < answersAtOnce) prepared(dropVerifiedSql).run(keys);
  return dropped;
}

/** All that is written here, for whoever wants to know how the database goes about it. */
export const answerStatements = [
  verifiedSql,
  dropSql,
  ownSql,
  sharedSql,
  claimsSql,
  dropCopiesSql,
  dropVerifiedSql,
];
