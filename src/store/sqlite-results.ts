import type { AnswerBacklog } from './answer-backlog.ts';
import { claimsAtOnce, sharedAsker, verifiedAsker } from './answer-rows.ts';
import { hexKey, versionKey } from './columns.ts';
import {
  byKey,
  hitRows,
  hourMs,
  type ResultRow,
  resultColumns,
  resultFrom,
  resultValues,
} from './result-rows.ts';
import { answerClaimsOn, answerVerified } from './sqlite-answers.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { ClaimSharing, Found, Hit, Lookup, StoredResult } from './store.ts';

/** A look-up comes as one text: its hash, its claimant (or as many of these) and its version. */
const nobody = '-'.repeat(32);
const askedHash = 'unhex(substr(j.value, 1, 64))';
const askedBy = 'unhex(substr(j.value, 65, 32))';
const askedVersion = 'substr(j.value, 97)';

/** What everybody is told unless the claimant is told otherwise. */
const told = (column: string): string => `iif(e.hash IS NULL, o.${column}, e.${column})`;

/**
 * Each look-up costs two keys at most: its claimant's own answer (`o`), and what everybody is told (`e`), which are
 * neighbours. What the claimant corrected needs no other, and what claimants agree on is read for those who have
 * nothing of their own. A verified answer comes before a shared one, as their keys do.
 */
export const findSql = (sharing?: ClaimSharing): string => `
  SELECT j.key, iif(e.hash IS NULL, 'claim', iif(e.content IS NULL, 'verified', 'shared')),
    lower(hex(${told('content')})), o.corrected, ${told('category')}, ${told('confidence')},
    ${told('description')}, ${told('method')}, ${told('model')}, ${told('scores')}, ${told('created_at_ms')}
  FROM json_each(?1) j
  LEFT JOIN answers o ON o.hash = ${askedHash} AND o.asker = ${askedBy} AND o.version = ${askedVersion}
  LEFT JOIN answers e ON e.hash = iif(o.corrected IS NULL, ${askedHash}, NULL) AND e.version = ${askedVersion}
    AND ${typeof sharing === 'object' ? orShared(sharing.witnesses) : `e.asker = ${verifiedAsker}`}
  WHERE e.hash IS NOT NULL OR o.hash IS NOT NULL${sharing === 'anybody' ? newestSql : ''}`;

const orShared = (witnesses: number): string => `e.asker BETWEEN ${verifiedAsker}
      AND iif(o.hash IS NULL AND ${askedBy} IS NOT NULL, ${sharedAsker}, ${verifiedAsker})
    AND (e.content IS NULL OR e.witnesses >= ${Math.max(1, Math.floor(witnesses))})`;

const newestSql = `
  UNION ALL
  SELECT j.key, 'shared', lower(hex(v.newest)), NULL, r.category, r.confidence, r.description, r.method, r.model,
    r.scores, r.created_at_ms
  FROM json_each(?1) j
  CROSS JOIN claim_verdicts v ON v.claimed = ${askedHash} AND ${askedBy} IS NOT NULL
  CROSS JOIN results r ON r.sha256 = v.newest AND r.version = ${askedVersion}`;

export async function findResults(
  database: SqliteDatabase,
  lookups: readonly Lookup[],
  sharing?: ClaimSharing,
): Promise<(Found | undefined)[]> {
  if (lookups.length === 0) return [];
  const keys = lookups.map(
    ({ hash, version, claimant }) =>
      hexKey(hash, 32) + (claimant === undefined ? nobody : hexKey(claimant, 16)) + versionKey(version),
  );
  const rows = await database.lists(findSql(sharing), JSON.stringify(keys));
  const found: (Found | undefined)[] = lookups.map(() => undefined);
  for (const row of rows) {
    const index = Number(row[0]);
    const lookup = lookups[index];
    if (lookup) found[index] ??= foundIn(row, lookup);
  }
  return found;
}

/** @param row as `findSql` has it; no content is that of the hash itself */
function foundIn(row: readonly unknown[], { hash, version }: Lookup): Found {
  const [, via, content, corrected, category, confidence, description, method, model, scores, created_at_ms] =
    row;
  const answer = { category, confidence, description, method, model, scores, created_at_ms } as ResultRow;
  return {
    ...resultFrom(answer, { sha256: String(content) || hash.toLowerCase(), version }),
    via: via as Found['via'],
    ...(corrected !== null && { corrected: String(corrected) }),
  };
}

/** `WHERE true` tells the parser that ON CONFLICT is not the ON of a join. */
const saveSql = `INSERT INTO results (${resultColumns.join(', ')})
  SELECT unhex(j.value ->> 0), ${resultColumns
    .slice(1)
    .map((_, index) => `j.value ->> ${index + 1}`)
    .join(', ')}
  FROM json_each(?) j WHERE true
  ON CONFLICT (sha256, version) DO UPDATE SET ${resultColumns
    .slice(2)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}
  WHERE results.method = 'local' OR excluded.method = 'llm'`;

/** With what follows from them for claims on their contents; where these are many, the rest behind it. */
export async function saveResults(
  database: SqliteDatabase,
  results: readonly StoredResult[],
  backlog: AnswerBacklog,
): Promise<void> {
  if (results.length === 0) return;
  const rows = byKey(results.map(resultValues));
  const contents = [...new Set(rows.map(([sha256]) => String(sha256)))];
  const answered = await database.exclusively((_, prepared) => {
    const list = JSON.stringify(rows);
    prepared(saveSql).run(list);
    answerVerified(prepared, list);
    return answerClaimsOn(prepared, contents, { limit: claimsAtOnce });
  });
  backlog.goOn(contents, answered);
}

const hitSql = `UPDATE results
  SET hits = hits + h.more, last_hit_at_ms = max(coalesce(last_hit_at_ms, h.at_ms), h.at_ms),
    used_at_ms = max(used_at_ms, h.at_ms - h.at_ms % ${hourMs})
  FROM (SELECT unhex(value ->> 0) AS hash, value ->> 1 AS of_version, value ->> 2 AS more, value ->> 3 AS at_ms
        FROM json_each(?)) h
  WHERE sha256 = h.hash AND version = h.of_version`;

export async function countHits(database: SqliteDatabase, hits: readonly Hit[]): Promise<void> {
  if (hits.length > 0) await database.run(hitSql, JSON.stringify(hitRows(hits)));
}
