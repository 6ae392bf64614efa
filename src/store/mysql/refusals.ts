import type { PhotoVersion, Refusal } from '../entities.ts';
import { binaryKey, versionKey } from '../rows/columns.ts';
import type { MysqlQuery } from './connection.ts';

export async function findRefusal(
  query: MysqlQuery,
  { sha256, version }: PhotoVersion,
): Promise<number | undefined> {
  const [row] = await query('SELECT until_ms FROM refusals WHERE sha256 = ? AND version = ?', [
    binaryKey(sha256, 32),
    versionKey(version),
  ]);
  return row && Number(row.until_ms);
}

export async function saveRefusal(query: MysqlQuery, { sha256, version, until }: Refusal): Promise<void> {
  await query(
    `INSERT INTO refusals (sha256, version, until_ms) VALUES (?, ?, ?)
      ON DUPLICATE KEY UPDATE until_ms = GREATEST(until_ms, VALUES(until_ms))`,
    [binaryKey(sha256, 32), versionKey(version), until],
  );
}
