import { hexKey } from './columns.ts';
import {
  correctedHashes,
  feedbackColumns,
  feedbackFrom,
  feedbackValues,
  newestFeedbackSql,
} from './feedback-rows.ts';
import { answerClaims } from './sqlite-answers.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { Feedback } from './store.ts';

const saveSql = `INSERT INTO feedback (${feedbackColumns.join(', ')})
  VALUES (unhex(?), unhex(?), ?, ?, ?, ?, ?) ON CONFLICT (claimant, hash) DO UPDATE SET
  ${feedbackColumns
    .slice(2)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}`;

/** Where nothing is claimed yet, the hash is taken for that of the bytes themselves; nobody is a witness by that. */
const correctSql = `INSERT INTO hash_claims (claimed, claimant, content, category, network, at_ms, corrected)
  VALUES (unhex(?1), unhex(?2), unhex(?1), '', '', ?3, ?4)
  ON CONFLICT (claimed, claimant) DO UPDATE SET corrected = excluded.corrected`;

/** A row each: they are rare, and people make them. */
export async function saveFeedback(database: SqliteDatabase, feedback: Feedback): Promise<void> {
  const { claimant, at, category } = feedback;
  const hashes = correctedHashes(feedback);
  await database.exclusively((_, prepared) => {
    prepared(saveSql).run(...feedbackValues(feedback));
    for (const hash of hashes) prepared(correctSql).run(hash, claimant, at, category);
    answerClaims(
      prepared,
      hashes.map((hash) => [hash, hexKey(claimant, 16)]),
    );
  });
}

export async function newestFeedback(database: SqliteDatabase, limit: number): Promise<Feedback[]> {
  return (await database.all(newestFeedbackSql, limit)).map(feedbackFrom);
}

export async function correctors(database: SqliteDatabase, limit: number): Promise<string[]> {
  const rows = await database.all('SELECT DISTINCT claimant FROM feedback LIMIT ?', limit);
  return rows.map(({ claimant }) => Buffer.from(claimant as Uint8Array).toString('hex'));
}
