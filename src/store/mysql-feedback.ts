import { hexKey } from './columns.ts';
import {
  correctedHashes,
  feedbackColumns,
  feedbackFrom,
  feedbackValues,
  newestFeedbackSql,
} from './feedback-rows.ts';
import { answerClaims, holdResults, holdVerdicts } from './mysql-answers.ts';
import type { MysqlQuery } from './mysql-connection.ts';
import type { MysqlPool } from './mysql-pool.ts';
import { withBytes } from './mysql-results.ts';
import type { Feedback } from './store.ts';

const saveSql = `INSERT INTO feedback (${feedbackColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE
  ${feedbackColumns
    .slice(2)
    .map((column) => `${column} = VALUES(${column})`)
    .join(', ')}`;

/** Where nothing is claimed yet, the hash is taken for that of the bytes themselves; nobody is a witness by that. */
const correctSql = `INSERT INTO hash_claims (claimed, claimant, content, category, network, at_ms, corrected)
  VALUES (?) ON DUPLICATE KEY UPDATE corrected = VALUES(corrected)`;

/** A row each: they are rare, and people make them. */
export async function saveFeedback(pool: MysqlPool, feedback: Feedback): Promise<void> {
  const row = withBytes(feedbackColumns, feedbackValues(feedback));
  const claimant = Buffer.from(feedback.claimant, 'hex');
  const hashes = correctedHashes(feedback);
  const keys = hashes.map((hash) => [hash, hexKey(feedback.claimant, 16)] as const);
  await pool.transaction(async (query) => {
    // Where nothing is claimed yet, these become the contents of claims.
    await holdResults(query, { contents: hashes, hashes });
    await query(saveSql, [[row]]);
    for (const hash of hashes) {
      const bytes = Buffer.from(hash, 'hex');
      await query(correctSql, [[bytes, claimant, bytes, '', '', feedback.at, feedback.category]]);
    }
    await holdVerdicts(query, keys);
    await answerClaims(query, keys);
  });
}

export async function newestFeedback(query: MysqlQuery, limit: number): Promise<Feedback[]> {
  return (await query(newestFeedbackSql, [limit])).map(feedbackFrom);
}

export async function correctors(query: MysqlQuery, limit: number): Promise<string[]> {
  const rows = await query('SELECT DISTINCT claimant FROM feedback LIMIT ?', [limit]);
  return rows.map(({ claimant }) => Buffer.from(claimant as Uint8Array).toString('hex'));
}
