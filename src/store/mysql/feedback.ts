import type { ClaimTrust, Feedback } from '../entities.ts';
import { binaryKey } from '../rows/columns.ts';
import {
  correctedHashes,
  feedbackColumns,
  feedbackFrom,
  feedbackValues,
  newestFeedbackSql,
} from '../rows/feedback-rows.ts';
import type { MysqlQuery } from './connection.ts';
import type { MysqlPool } from './pool.ts';
import { withBytes } from './results.ts';

/** What the hash stands for to the claimant. */
const contentSql = `SELECT COALESCE(
  (SELECT content FROM album_claims WHERE claimant = ? AND claimed = ?),
  (SELECT sha256 FROM results WHERE sha256 = ? LIMIT 1),
  (SELECT content FROM album_claims WHERE claimed = ? ORDER BY at_ms DESC, claimant DESC LIMIT 1)) AS content`;

const saveSql = `INSERT INTO corrections (${feedbackColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  ${feedbackColumns
    .slice(2)
    .map((column) => `${column} = VALUES(${column})`)
    .join(', ')}`;

const correctSql = `INSERT INTO album_claims (claimant, claimed, content, at_ms, corrected) VALUES ?
  ON DUPLICATE KEY UPDATE corrected = VALUES(corrected)`;

/** @returns false where the claimant has nothing under that hash */
export async function saveFeedback(pool: MysqlPool, feedback: Feedback, trust: ClaimTrust): Promise<boolean> {
  const { at, category } = feedback;
  const [claimant, hash] = [binaryKey(feedback.claimant, 16), binaryKey(feedback.hash, 32)];
  return pool.transaction(async (query) => {
    const anybody = trust === 'all' ? hash : null;
    const [row] = await query(contentSql, [claimant, hash, hash, anybody]);
    if (!row?.content) return false;
    const bytes = row.content as Buffer;
    const content = bytes.toString('hex');
    await query(saveSql, [[withBytes(feedbackColumns, feedbackValues(feedback, content))]]);
    const claims = correctedHashes(feedback, content).map((one) => Buffer.from(one, 'hex'));
    await query(correctSql, [claims.map((claimed) => [claimant, claimed, bytes, at, category])]);
    return true;
  });
}

export async function newestFeedback(query: MysqlQuery, limit: number): Promise<Feedback[]> {
  return (await query(newestFeedbackSql, [limit])).map(feedbackFrom);
}

export async function correctors(query: MysqlQuery, limit: number): Promise<string[]> {
  const rows = await query('SELECT DISTINCT claimant FROM corrections LIMIT ?', [limit]);
  return rows.map(({ claimant }) => Buffer.from(claimant as Uint8Array).toString('hex'));
}
