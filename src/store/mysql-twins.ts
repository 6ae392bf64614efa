import type { Look } from '../image/photo.ts';
import { versionKey } from './columns.ts';
import { mostBits, probesOf } from './look.ts';
import type { MysqlQuery } from './mysql-connection.ts';
import type { StoredResult } from './store.ts';
import { type TwinRow, twinsAmong } from './twin-rows.ts';

/** Rows that one band may yield: a picture that thousands have taken alike needs no more. */
const mostInBand = 200;

const bandSql = (band: string): string => `(SELECT sha256 FROM looks FORCE INDEX (looks_${band})
  WHERE band_${band} IN (?) AND BIT_COUNT(hash ^ CAST(? AS UNSIGNED)) <= ${mostBits} LIMIT ${mostInBand})`;

const twinSql = `SELECT r.sha256, r.category, r.confidence, r.description, r.method, r.model, r.scores,
    r.created_at_ms, LPAD(HEX(l.hash), 16, '0') AS hash, l.colours, l.aspect
  FROM (${['a', 'b', 'c'].map(bandSql).join(' UNION ')}) k
  STRAIGHT_JOIN looks l ON l.sha256 = k.sha256
  STRAIGHT_JOIN results r ON r.sha256 = k.sha256 AND r.version = ?`;

/** Each band's index holds the whole hash: what is too far off is left out without reading its row. */
export async function findTwins(query: MysqlQuery, look: Look, version: string): Promise<StoredResult[]> {
  const hash = BigInt(`0x${look.hash}`).toString();
  const values = probesOf(look).flatMap((probes) => [probes, hash]);
  const rows = await query(twinSql, [...values, versionKey(version)]);
  return twinsAmong(rows as unknown as readonly TwinRow[], look, version);
}
