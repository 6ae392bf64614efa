import type { PictureCells } from '../../image/photo.ts';
import type { ClaimantFingerprint, NearDuplicate } from '../entities.ts';
import { binaryKey, hexOf } from '../rows/columns.ts';
import { fingerprintColumns, fingerprintRows, mostCandidates } from '../rows/fingerprint-rows.ts';
import type { MysqlQuery } from './connection.ts';
import { readResults } from './results.ts';

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

const findSql = `SELECT content, brightness, colours, aspect FROM fingerprints FORCE INDEX (PRIMARY)
  WHERE claimant = ? AND bits IN (?) LIMIT ${mostCandidates}`;

export async function findNearDuplicates(
  query: MysqlQuery,
  claimant: string,
  bits: readonly number[],
  version: string,
): Promise<NearDuplicate[]> {
  const rows = (await query(findSql, [
    binaryKey(claimant, 16),
    [...bits],
  ])) as unknown as readonly (PictureCells & { readonly content: Uint8Array })[];
  const contents = rows.map(({ content }) => hexOf(content));
  const results = [...(await readResults(query, contents, [version])).values()];
  const byContent = new Map(results.map((result) => [result.sha256, { ...result, version }]));
  return rows.flatMap(({ content, brightness, colours, aspect }) => {
    const result = byContent.get(hexOf(content));
    return result ? [{ result, picture: { brightness, colours, aspect } }] : [];
  });
}
