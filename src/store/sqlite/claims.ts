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
import { hexKey, hexOf } from '../rows/columns.ts';
import type { SqliteDatabase } from './database.ts';

/** A newer claim replaces an older one and keeps its correction. */
const saveClaimsSql = `INSERT INTO album_claims (${claimColumns.join(', ')})
  SELECT unhex(j.value ->> 0), unhex(j.value ->> 1), unhex(j.value ->> 2), j.value ->> 3, j.value ->> 4
  FROM json_each(?) j WHERE true
  ON CONFLICT (claimant, claimed) DO UPDATE SET content = excluded.content, at_ms = excluded.at_ms,
    corrected = coalesce(excluded.corrected, corrected)
  WHERE excluded.at_ms >= album_claims.at_ms`;

export async function saveClaims(database: SqliteDatabase, claims: readonly Claim[]): Promise<void> {
  if (claims.length > 0) await database.run(saveClaimsSql, JSON.stringify(claimRows(claims)));
}

/** The photo that the claimant means by a hash. */
const contentSql = (trust: ClaimTrust): string => `SELECT lower(hex(coalesce(
  (SELECT content FROM album_claims WHERE claimant = unhex(?1) AND claimed = unhex(?2)),
  (SELECT sha256 FROM results WHERE sha256 = unhex(?2) LIMIT 1)${trust === 'all' ? `, ${newestSql}` : ''}))) AS content`;

const newestSql = `(SELECT content FROM album_claims WHERE claimed = unhex(?2)
  ORDER BY at_ms DESC, claimant DESC LIMIT 1)`;

const saveFeedbackSql = `INSERT INTO corrections (${feedbackColumns.join(', ')})
  VALUES (unhex(?), unhex(?), unhex(?), ?, ?, ?, ?) ON CONFLICT (claimant, hash) DO UPDATE SET
  ${feedbackColumns
    .slice(2)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}`;

const correctSql = `INSERT INTO album_claims (claimant, claimed, content, at_ms, corrected)
  VALUES (unhex(?), unhex(?), unhex(?), ?, ?)
  ON CONFLICT (claimant, claimed) DO UPDATE SET corrected = excluded.corrected`;

/** Further hashes that stand for the photo, such as those of its copies. */
const correctAllSql =
  'UPDATE album_claims SET corrected = ? WHERE claimant = unhex(?) AND content = unhex(?)';

/** @returns false where the hash stands for no photo of the claimant */
export async function saveFeedback(
  database: SqliteDatabase,
  feedback: Feedback,
  trust: ClaimTrust,
): Promise<boolean> {
  const { at, category } = feedback;
  const [claimant, hash] = [hexKey(feedback.claimant, 16), hexKey(feedback.hash, 32)];
  return database.exclusively((_, prepared) => {
    const content = String(prepared(contentSql(trust)).get(claimant, hash)?.content);
    if (content === '') return false;
    prepared(saveFeedbackSql).run(...feedbackValues(feedback, content));
    for (const corrected of correctedHashes(feedback, content))
      prepared(correctSql).run(claimant, corrected, content, at, category);
    prepared(correctAllSql).run(category, claimant, content);
    return true;
  });
}

export async function newestFeedback(database: SqliteDatabase, limit: number): Promise<Feedback[]> {
  return (await database.all(newestFeedbackSql, limit)).map(feedbackFrom);
}

export async function correctors(database: SqliteDatabase, limit: number): Promise<string[]> {
  const rows = await database.all('SELECT DISTINCT claimant FROM corrections LIMIT ?', limit);
  return rows.map(({ claimant }) => hexOf(claimant));
}
