import type { Erasure } from '../entities.ts';
import type { MysqlQuery } from './connection.ts';

const saveSql = `INSERT INTO erasures (kind, name, at_ms) VALUES ?
  ON DUPLICATE KEY UPDATE at_ms = GREATEST(at_ms, VALUES(at_ms))`;

export async function saveErasures(query: MysqlQuery, erasures: readonly Erasure[]): Promise<void> {
  if (erasures.length > 0) await query(saveSql, [erasures.map(({ kind, name, at }) => [kind, name, at])]);
}

export async function findErasures(query: MysqlQuery, since: number): Promise<Erasure[]> {
  const rows = await query('SELECT kind, name, at_ms FROM erasures WHERE at_ms >= ?', [since]);
  return rows.map(({ kind, name, at_ms }) => ({
    kind: kind as Erasure['kind'],
    name: String(name),
    at: Number(at_ms),
  }));
}
