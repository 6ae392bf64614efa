import type { HeldLease, LeaseRequest, LeaseState } from '../lease.ts';
import { binaryKey } from '../rows/columns.ts';
import { type LeaseRow, leaseStates } from '../rows/lease-rows.ts';
import type { MysqlQuery } from './connection.ts';

const now = 'ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000)';

/**
 * Assigned from left to right: the expiry last, since the other columns depend on it. A request cuts an expiry that
 * lies further ahead than its own would: a living owner renews it, and a clock that was set back blocks no one for
 * ever.
 */
const takeSql = `ON DUPLICATE KEY UPDATE owner = IF(expires_at_ms <= ${now}, VALUES(owner), owner),
  token = IF(expires_at_ms <= ${now}, GREATEST(VALUES(token), token + 1), token),
  expires_at_ms = IF(expires_at_ms <= ${now}, VALUES(expires_at_ms),
    LEAST(expires_at_ms, VALUES(expires_at_ms)))`;

export async function acquireLeases(
  query: MysqlQuery,
  requests: readonly LeaseRequest[],
): Promise<LeaseState[]> {
  if (requests.length === 0) return [];
  const sorted = requests.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const names = sorted.map(({ name }) => binaryKey(name, 32));
  await query(
    `INSERT INTO leases (name, owner, token, expires_at_ms)
      VALUES ${sorted.map(() => `(?, ?, ${now}, ${now} + ?)`).join(', ')} ${takeSql}`,
    sorted.flatMap(({ owner, ttlMs }, index) => [names[index], binaryKey(owner, 16), Math.ceil(ttlMs)]),
  );
  const rows = await query(
    `SELECT name, owner, token, expires_at_ms - ${now} AS left_ms FROM leases WHERE name IN (?)`,
    [names],
  );
  return leaseStates(requests, rows as unknown as readonly LeaseRow[]);
}

export async function renewLeases(query: MysqlQuery, leases: readonly HeldLease[]): Promise<void> {
  if (leases.length === 0) return;
  const ttlMs = Math.ceil(Math.max(...leases.map((lease) => lease.ttlMs)));
  await query(
    `UPDATE leases FORCE INDEX (PRIMARY) SET expires_at_ms = ${now} + ?
      WHERE name IN (?) AND (name, owner, token) IN (?)`,
    [ttlMs, ...keysOf(leases)],
  );
}

export async function releaseLeases(query: MysqlQuery, leases: readonly HeldLease[]): Promise<void> {
  if (leases.length === 0) return;
  await query('DELETE FROM leases WHERE name IN (?) AND (name, owner, token) IN (?)', keysOf(leases));
}

function keysOf(leases: readonly HeldLease[]) {
  const keys = leases
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, owner, token }) => [binaryKey(name, 32), binaryKey(owner, 16), token] as const);
  return [keys.map(([name]) => name), keys];
}
