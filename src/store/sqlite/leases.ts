import type { HeldLease, LeaseRequest, LeaseState } from '../lease.ts';
import { hexKey } from '../rows/columns.ts';
import { type LeaseRow, leaseStates } from '../rows/lease-rows.ts';
import type { SqliteDatabase } from './database.ts';

/**
 * A request cuts an expiry that lies further ahead than its own would: a living owner renews it, and a clock that was
 * set back blocks no one for ever.
 */
const acquireSql = `INSERT INTO leases (name, owner, token, expires_at_ms)
  SELECT unhex(j.value ->> 0), unhex(j.value ->> 1), ?2, ?2 + (j.value ->> 2) FROM json_each(?1) j WHERE true
  ON CONFLICT (name) DO UPDATE SET owner = iif(leases.expires_at_ms <= ?2, excluded.owner, owner),
    token = iif(leases.expires_at_ms <= ?2, max(excluded.token, leases.token + 1), token),
    expires_at_ms = excluded.expires_at_ms
  WHERE leases.expires_at_ms <= ?2 OR leases.expires_at_ms > excluded.expires_at_ms`;

const readSql = `SELECT l.name, l.owner, l.token, l.expires_at_ms - ?2 AS left_ms
  FROM json_each(?1) j CROSS JOIN leases l ON l.name = unhex(j.value ->> 0)`;

const heldSql = `(name, owner, token) IN
  (SELECT unhex(j.value ->> 0), unhex(j.value ->> 1), j.value ->> 2 FROM json_each(?1) j)`;

/** All processes of one file are on one machine, and have one clock. */
export async function acquireLeases(
  database: SqliteDatabase,
  requests: readonly LeaseRequest[],
): Promise<LeaseState[]> {
  if (requests.length === 0) return [];
  const rows = JSON.stringify(
    requests.map(({ name, owner, ttlMs }) => [hexKey(name, 32), hexKey(owner, 16), Math.ceil(ttlMs)]),
  );
  const now = Date.now();
  await database.run(acquireSql, rows, now);
  const found = await database.all(readSql, rows, now);
  return leaseStates(requests, found as unknown as readonly LeaseRow[]);
}

export async function renewLeases(database: SqliteDatabase, leases: readonly HeldLease[]): Promise<void> {
  if (leases.length === 0) return;
  const until = Date.now() + Math.ceil(Math.max(...leases.map(({ ttlMs }) => ttlMs)));
  await database.run(`UPDATE leases SET expires_at_ms = ?2 WHERE ${heldSql}`, keysOf(leases), until);
}

export async function releaseLeases(database: SqliteDatabase, leases: readonly HeldLease[]): Promise<void> {
  if (leases.length > 0) await database.run(`DELETE FROM leases WHERE ${heldSql}`, keysOf(leases));
}

const keysOf = (leases: readonly HeldLease[]): string =>
  JSON.stringify(leases.map(({ name, owner, token }) => [hexKey(name, 32), hexKey(owner, 16), token]));
