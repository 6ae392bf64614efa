import type { Claim, ClaimTrust, Feedback } from '../entities.ts';
import {
  claimColumns,
  claimRows,
  correctedHashes,
  feedbackColumns,
  feedbackFrom,
  feedbackValues,
  newestFeedbackSql,
} from '../rows/claim-rows.ts';
import { binaryKey, hexOf } from '../rows/columns.ts';
import type { MysqlQuery } from './connection.ts';
import type { MysqlPool } from './pool.ts';
import { withBytes } from './results.ts';

/** A newer claim replaces an older one and keeps its correction. `at_ms` is assigned last, since it is compared. */
const saveClaimsSql = `INSERT INTO album_claims (${claimColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  content = IF(VALUES(at_ms) >= at_ms, VALUES(content), content),
  corrected = COALESCE(VALUES(corrected), corrected), at_ms = GREATEST(at_ms, VALUES(at_ms))`;

export async function saveClaims(query: MysqlQuery, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  await query(saveClaimsSql, [claimRows(claims).map((row) => withBytes(claimColumns, row))]);
}

/** The photo that the claimant means by a hash. */
async function contentOf(
  query: MysqlQuery,
  claimant: Buffer,
  hash: Buffer,
  trust: ClaimTrust,
): Promise<Buffer | undefined> {
  const first = async (sql: string, values: readonly Buffer[]) =>
    (await query(sql, values))[0]?.content as Buffer | undefined;
  return (
    (await first('SELECT content FROM album_claims WHERE claimant = ? AND claimed = ?', [claimant, hash])) ??
    (await first('SELECT sha256 AS content FROM results WHERE sha256 = ? LIMIT 1', [hash])) ??
    (trust === 'all' ? await first(newestClaimSql, [hash]) : undefined)
  );
}

const newestClaimSql =
  'SELECT content FROM album_claims WHERE claimed = ? ORDER BY at_ms DESC, claimant DESC LIMIT 1';

const saveFeedbackSql = `INSERT INTO corrections (${feedbackColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  ${feedbackColumns
    .slice(2)
    .map((column) => `${column} = VALUES(${column})`)
    .join(', ')}`;

const correctSql = `INSERT INTO album_claims (claimant, claimed, content, at_ms, corrected) VALUES ?
  ON DUPLICATE KEY UPDATE corrected = VALUES(corrected)`;

/** Further hashes that stand for the photo, such as those of its copies. */
const correctAllSql = 'UPDATE album_claims SET corrected = ? WHERE claimant = ? AND content = ?';

/** @returns false where the hash stands for no photo of the claimant */
export async function saveFeedback(pool: MysqlPool, feedback: Feedback, trust: ClaimTrust): Promise<boolean> {
  const { at, category } = feedback;
  const [claimant, hash] = [binaryKey(feedback.claimant, 16), binaryKey(feedback.hash, 32)];
  return pool.transaction(async (query) => {
    const bytes = await contentOf(query, claimant, hash, trust);
    if (bytes === undefined) return false;
    const content = bytes.toString('hex');
    await query(saveFeedbackSql, [[withBytes(feedbackColumns, feedbackValues(feedback, content))]]);
    const claims = correctedHashes(feedback, content).map((one) => Buffer.from(one, 'hex'));
    await query(correctSql, [claims.map((claimed) => [claimant, claimed, bytes, at, category])]);
    await query(correctAllSql, [category, claimant, bytes]);
    return true;
  });
}

export async function newestFeedback(query: MysqlQuery, limit: number): Promise<Feedback[]> {
  return (await query(newestFeedbackSql, [limit])).map(feedbackFrom);
}

export async function correctors(query: MysqlQuery, limit: number): Promise<string[]> {
  const rows = await query('SELECT DISTINCT claimant FROM corrections LIMIT ?', [limit]);
  return rows.map(({ claimant }) => hexOf(claimant));
}
