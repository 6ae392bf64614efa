import type { ReportDialect } from '../reports/dialect.ts';
import type { MysqlQuery } from './connection.ts';
import { recordTables } from './days.ts';

/** @param separately runs a report outside of the pool */
export function mysqlReports(
  query: MysqlQuery,
  separately: <T>(report: (query: MysqlQuery) => Promise<T>) => Promise<T>,
): ReportDialect {
  return {
    read: (sql, values, isLong = false) =>
      isLong ? separately((report) => report(sql, values)) : query(sql, values),
    write: async (sql, values) => Number((await query(sql, values))[0]?.affectedRows ?? 0),
    photos: [recordTables.photos.table, recordTables.photos.former],
    saveSnapshotSql: `INSERT INTO report_snapshots (name, body, at_ms) VALUES (?, ?, ?)
      ON DUPLICATE KEY UPDATE body = VALUES(body), at_ms = VALUES(at_ms)`,
    pruneSql: (table) => `DELETE FROM ${table} WHERE level = ? AND at_ms < ? LIMIT ?`,
  };
}
