import type { Look } from '../image/photo.ts';
import { versionKey } from './columns.ts';
import { probesOf } from './look.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { StoredResult } from './store.ts';
import { type TwinRow, twinsAmong } from './twin-rows.ts';

const mostInBand = 500;

const bandSql = (band: string, parameter: number): string => `SELECT sha256 FROM (SELECT l.sha256
  FROM json_each(?${parameter}) j CROSS JOIN looks l INDEXED BY looks_${band} ON l.band_${band} = j.value
  LIMIT ${mostInBand})`;

const twinSql = `SELECT r.sha256, r.category, r.confidence, r.description, r.method, r.model, r.scores,
    r.created_at_ms, hex(l.hash) AS hash, l.colours, l.aspect
  FROM (${bandSql('a', 1)} UNION ${bandSql('b', 2)} UNION ${bandSql('c', 3)}) k
  CROSS JOIN looks l ON l.sha256 = k.sha256
  CROSS JOIN results r ON r.sha256 = k.sha256 AND r.version = ?4`;

export async function findTwins(
  database: SqliteDatabase,
  look: Look,
  version: string,
): Promise<StoredResult[]> {
  const probes = probesOf(look).map((band) => JSON.stringify(band));
  const rows = await database.all(twinSql, ...probes, versionKey(version));
  return twinsAmong(rows as unknown as readonly TwinRow[], look, version);
}
