import type { ClaimantFingerprint, NearDuplicate } from '../entities.ts';
import { hexKey, versionKey } from '../rows/columns.ts';
import {
  type CandidateRow,
  candidateFrom,
  fingerprintColumns,
  fingerprintRows,
  mostCandidates,
} from '../rows/fingerprint-rows.ts';
import { answerColumns } from '../rows/result-rows.ts';
import type { SqliteDatabase } from './database.ts';

/** The fingerprint of a photo never changes: an existing row stays. */
const saveSql = `INSERT INTO fingerprints (${fingerprintColumns})
  SELECT unhex(j.value ->> 0), j.value ->> 1, unhex(j.value ->> 2), unhex(j.value ->> 3), unhex(j.value ->> 4),
    j.value ->> 5
  FROM json_each(?) j WHERE true ON CONFLICT DO NOTHING`;

export async function saveFingerprints(
  database: SqliteDatabase,
  fingerprints: readonly ClaimantFingerprint[],
): Promise<void> {
  if (fingerprints.length === 0) return;
  await database.run(saveSql, JSON.stringify(fingerprintRows(fingerprints)));
}

const findSql = `SELECT r.sha256, ${answerColumns}, f.brightness, f.colours, f.aspect
  FROM json_each(?1) j
  CROSS JOIN fingerprints f ON f.claimant = unhex(?2) AND f.bits = j.value
  CROSS JOIN results r ON r.sha256 = f.content AND r.version = ?3
  LIMIT ${mostCandidates}`;

export async function findNearDuplicates(
  database: SqliteDatabase,
  claimant: string,
  bits: readonly number[],
  version: string,
): Promise<NearDuplicate[]> {
  const rows = await database.all(findSql, JSON.stringify(bits), hexKey(claimant, 16), versionKey(version));
  return (rows as unknown as readonly CandidateRow[]).map((row) => candidateFrom(row, version));
}
