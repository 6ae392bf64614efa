import {
  type AnsweredClaim,
  answerColumns,
  answersAtOnce,
  type ClaimKey,
  claimsAtOnce,
  ownColumns,
  sharedColumns,
  sharedJoin,
  sharedKeys,
  sortedKeys,
  verifiedAsker,
  verifiedColumns,
} from './answer-rows.ts';
import type { MysqlQuery, MysqlRow } from './mysql-connection.ts';

/**
 * All of these run within a transaction (READ COMMITTED). Answers are made from rows that are locked until its end, so
 * that of two who change what an answer is made from, whoever comes second sees what the first has written. Locks are
 * taken in one order, results before claims before verdicts before answers, each kind by its keys.
 */

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

const heldSql = 'SELECT DISTINCT sha256 FROM results FORCE INDEX (PRIMARY) WHERE sha256 IN (?)';

const sorted = (contents: readonly string[]): Buffer[] => [...new Set(contents)].sort().map(bytes);

/** Nobody changes or deletes the results of these contents meanwhile, nor of what the hashes' claims amount to. */
export async function holdResults(
  query: MysqlQuery,
  { contents = [], hashes }: { contents?: readonly string[]; hashes: readonly string[] },
): Promise<void> {
  const settled = await query(
    'SELECT content FROM claim_verdicts FORCE INDEX (PRIMARY) WHERE claimed IN (?)',
    [hashes.map(bytes)],
  );
  const held = sorted([...contents, ...contentsOf(settled)]);
  if (held.length > 0) await query(`${heldSql} LOCK IN SHARE MODE`, [held]);
}

/** Contents of verdicts on hashes that are claimed for these contents. */
const relatedSql = `SELECT v.content FROM hash_claims c FORCE INDEX (hash_claims_content)
  STRAIGHT_JOIN claim_verdicts v FORCE INDEX (PRIMARY) ON v.claimed = c.claimed
  WHERE c.content IN (?) LIMIT ${claimsAtOnce}`;

/**
 * Nobody claims these contents meanwhile, as whoever does holds their results.
 * @returns whether all have results: a content without any can't be held
 */
export async function holdClaims(query: MysqlQuery, contents: readonly string[]): Promise<boolean> {
  const related = await query(relatedSql, [contents.map(bytes)]);
  const rows = await query(`${heldSql} FOR UPDATE`, [sorted([...contents, ...contentsOf(related)])]);
  const held = new Set(rows.map(({ sha256 }) => hexOf(sha256)));
  return contents.every((content) => held.has(content));
}

const hexOf = (value: unknown): string => Buffer.from(value as Uint8Array).toString('hex');

const contentsOf = (verdicts: readonly MysqlRow[]): string[] =>
  verdicts.flatMap(({ content }) => (content === null ? [] : [hexOf(content)]));

const verifiedSql = `REPLACE INTO answers (${answerColumns}) SELECT ${verifiedColumns}
  FROM results r FORCE INDEX (PRIMARY) WHERE r.sha256 IN (?) AND (r.sha256, r.version) IN (?)`;

/** For results that this transaction has written. */
export async function answerVerified(
  query: MysqlQuery,
  keys: readonly (readonly [Buffer, string])[],
): Promise<void> {
  await query(verifiedSql, [keys.map(([hash]) => hash), keys]);
}

/** Nobody settles anew meanwhile what the claims on these hashes amount to; whoever does so itself holds it already. */
export async function holdVerdicts(query: MysqlQuery, keys: readonly ClaimKey[]): Promise<void> {
  if (keys.length === 0) return;
  const hashes = sharedKeys(sortedKeys(keys)).map(([claimed]) => bytes(claimed));
  await query('SELECT 1 FROM claim_verdicts FORCE INDEX (PRIMARY) WHERE claimed IN (?) FOR UPDATE', [hashes]);
}

const dropSql = 'DELETE FROM answers WHERE hash IN (?) AND (hash, asker) IN (?)';

const ownSql = `REPLACE INTO answers (${answerColumns}) SELECT ${ownColumns}
  FROM hash_claims c FORCE INDEX (PRIMARY) STRAIGHT_JOIN results r FORCE INDEX (PRIMARY) ON r.sha256 = c.content
  WHERE (c.claimed, c.claimant) IN (?) LOCK IN SHARE MODE`;

const sharedSql = `REPLACE INTO answers (${answerColumns}) SELECT ${sharedColumns}
  FROM claim_verdicts v FORCE INDEX (PRIMARY) STRAIGHT_JOIN results r FORCE INDEX (PRIMARY) ON ${sharedJoin}
  WHERE v.claimed IN (?) LOCK IN SHARE MODE`;

/** What these claims, be they gone, and all others on their hashes lead to. The verdicts on them are held. */
export async function answerClaims(query: MysqlQuery, keys: readonly ClaimKey[]): Promise<void> {
  if (keys.length === 0) return;
  const own = sortedKeys(keys);
  const shared = sharedKeys(own);
  const [claims, agreed] = [own, shared].map((list) => list.map((key) => key.map(bytes)));
  const hashes = shared.map(([claimed]) => bytes(claimed));
  await query(dropSql, [hashes, [...(claims ?? []), ...(agreed ?? [])]]);
  await query(ownSql, [claims]);
  await query(sharedSql, [hashes]);
}

const claimsSql = `SELECT content, claimed, claimant FROM hash_claims FORCE INDEX (hash_claims_content)
  WHERE content IN (?)`;
const firstSql = 'ORDER BY content, claimed, claimant LIMIT ?';

/**
 * Answers claims that there are on these contents, whose results are held: as many as that, of those behind a key.
 * @param page.waiting for claims of which it is not known yet whether they are made
 * @returns which they were, in the order of contents and keys
 */
export async function answerClaimsOn(
  query: MysqlQuery,
  contents: readonly string[],
  { after, limit, waiting = false }: { after?: ClaimKey | undefined; limit: number; waiting?: boolean },
): Promise<AnsweredClaim[]> {
  const list = contents.map(bytes);
  const [claimed, claimant] = after?.map(bytes) ?? [];
  const rows = await (after === undefined
    ? query(`${claimsSql} ${firstSql} ${waiting ? 'LOCK IN SHARE MODE' : ''}`, [list, limit])
    : query(`${claimsSql} AND (claimed > ? OR (claimed = ? AND claimant > ?)) ${firstSql}`, [
        list,
        claimed,
        claimed,
        claimant,
        limit,
      ]));
  const claims = rows.map(
    (row): AnsweredClaim => ({ content: hexOf(row.content), key: [hexOf(row.claimed), hexOf(row.claimant)] }),
  );
  const keys = claims.map(({ key }) => key);
  await holdVerdicts(query, keys);
  await answerClaims(query, keys);
  return claims;
}

/** By a join: a list of whole keys would be gone through for each row. */
const dropCopiesSql = `DELETE a FROM (
    SELECT hash, asker, version FROM answers FORCE INDEX (answers_content)
    WHERE content IN (?) AND (content, version) IN (?) LIMIT ${answersAtOnce}) k
  STRAIGHT_JOIN answers a ON a.hash = k.hash AND a.asker = k.asker AND a.version = k.version`;

const dropVerifiedSql = `DELETE FROM answers WHERE asker = ${verifiedAsker} AND hash IN (?) AND (hash, version) IN (?)`;

/**
 * What claims on these results lead to, `answersAtOnce` at most, and then what these themselves do.
 * @returns how many claims' answers there were: where as many as may be, there may be more
 */
export async function dropAnswers(
  query: MysqlQuery,
  results: readonly (readonly [Buffer, string])[],
): Promise<number> {
  const contents = results.map(([sha256]) => sha256);
  const [answer] = await query(dropCopiesSql, [contents, results]);
  const dropped = Number(answer?.affectedRows ?? 0);
  if (dropped < answersAtOnce) await query(dropVerifiedSql, [contents, results]);
  return dropped;
}
