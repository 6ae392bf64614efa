import type { ClaimantFingerprint, NearDuplicate } from '../entities.ts';
import { binaryKey, versionKey } from '../rows/columns.ts';
import {
  type CandidateRow,
  candidateFrom,
  fingerprintColumns,
  fingerprintRows,
  mostCandidates,
} from '../rows/fingerprint-rows.ts';
import { answerColumns } from '../rows/result-rows.ts';
import type { MysqlQuery } from './connection.ts';

/** The fingerprint of a photo never changes: an existing row stays. */
const saveSql = `INSERT INTO fingerprints (${fingerprintColumns}) VALUES ?
  ON DUPLICATE KEY UPDATE bits = fingerprints.bits`;

export async function saveFingerprints(
  query: MysqlQuery,
  fingerprints: readonly ClaimantFingerprint[],
): Promise<void> {
  if (fingerprints.length === 0) return;
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  const rows = fingerprintRows(fingerprints).map(
    ([claimant, bits, content, brightness, colours, aspect]) =>
      [bytes(claimant), bits, bytes(content), bytes(brightness), bytes(colours), aspect] as const,
  );
  await query(saveSql, [rows]);
}

const findSql = `SELECT r.sha256, ${answerColumns}, f.brightness, f.colours, f.aspect
  FROM fingerprints f FORCE INDEX (PRIMARY)
  STRAIGHT_JOIN results r ON r.sha256 = f.content AND r.version = ?
  WHERE f.claimant = ? AND f.bits IN (?) LIMIT ${mostCandidates}`;

export async function findNearDuplicates(
  query: MysqlQuery,
  claimant: string,
  bits: readonly number[],
  version: string,
): Promise<NearDuplicate[]> {
  const rows = await query(findSql, [versionKey(version), binaryKey(claimant, 16), [...bits]]);
  return (rows as unknown as readonly CandidateRow[]).map((row) => candidateFrom(row, version));
}
