import { outage } from '../outage.ts';
import { probeLookup } from '../rows/result-rows.ts';
import type { MysqlQuery } from './connection.ts';
import { findResults } from './results.ts';

/** Writes a row and reads the tables of look-ups, as requests do. */
export async function ping(query: MysqlQuery): Promise<void> {
  await query(
    'INSERT INTO store_probe (id, at_ms) VALUES (1, ?) ON DUPLICATE KEY UPDATE at_ms = VALUES(at_ms)',
    [Date.now()],
  );
  await findResults(query, [probeLookup], 'own');
}

/** @throws outage the server can't run the store's transactions */
export async function checkServer(query: MysqlQuery): Promise<void> {
  const rows = await query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format')");
  const settings = new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name), String(Value)]));
  if (settings.get('log_bin') === 'ON' && settings.get('binlog_format') === 'STATEMENT')
    throw outage(
      "the server logs statements (binlog_format = STATEMENT), which InnoDB refuses under READ COMMITTED; run SET GLOBAL binlog_format = 'ROW' and put it into the server's configuration",
    );
}

/** A sentence for the log where `workers` processes may open more connections than the server grants. */
export async function connectionWarning(
  query: MysqlQuery,
  poolSize: number,
  workers: number,
): Promise<string | undefined> {
  const [row] = await query(
    'SELECT @@GLOBAL.max_connections AS server, @@SESSION.max_user_connections AS user',
  );
  const perUser = Number(row?.user);
  const granted = Math.min(Number(row?.server), perUser > 0 ? perUser : Number.POSITIVE_INFINITY);
  // Each process may open one more, for a report or a migration.
  const needed = workers * (poolSize + 1);
  if (needed <= granted) return undefined;
  return (
    `${workers} processes with ${poolSize} pooled connections each (and one for reports) may open ` +
    `${needed}, but the server grants ${granted}: lower the pool size to ` +
    `${Math.max(1, Math.floor(granted / workers) - 1)}, or raise max_connections.`
  );
}
