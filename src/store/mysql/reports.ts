import type { ReportDialect } from '../reports/dialect.ts';
import { connectionOptions, type MysqlQuery, type MysqlServer, withConnection } from './connection.ts';

export interface MysqlReportOptions {
  readonly server: MysqlServer;
  /** The hot path's: for what reads some hundred rows. */
  readonly query: MysqlQuery;
  readonly connectTimeoutMs: number;
  readonly reportTimeoutMs: number;
}

export function mysqlReports({
  server,
  query,
  connectTimeoutMs,
  reportTimeoutMs,
}: MysqlReportOptions): ReportDialect {
  return {
    read: (sql, values, isLong = false) =>
      isLong
        ? withConnection(connectionOptions(server, connectTimeoutMs), reportTimeoutMs, (report) =>
            report(sql, values),
          )
        : query(sql, values),
    write: async (sql, values) => Number((await query(sql, values))[0]?.affectedRows ?? 0),
    saveSnapshotSql: `INSERT INTO report_snapshots (name, body, at_ms) VALUES (?, ?, ?)
      ON DUPLICATE KEY UPDATE body = VALUES(body), at_ms = VALUES(at_ms)`,
    pruneSql: (table) => `DELETE FROM ${table} WHERE level = ? AND at_ms < ? LIMIT ?`,
  };
}
