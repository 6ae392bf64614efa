import type { ReportDialect } from '../reports/dialect.ts';
import type { SqliteDatabase } from './database.ts';
import type { SqliteReader } from './reader.ts';

export function sqliteReports(database: SqliteDatabase, reader: SqliteReader): ReportDialect {
  return {
    read: (sql, values) => reader.read(sql, values),
    write: (sql, values) =>
      database.exclusively((connection) => Number(connection.prepare(sql).run(...values).changes)),
    photos: ['photos'],
    saveSnapshotSql: `INSERT INTO report_snapshots (name, body, at_ms) VALUES (?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET body = excluded.body, at_ms = excluded.at_ms`,
    pruneSql: (table) => `DELETE FROM ${table} WHERE (level, at_ms, topic, name) IN (
      SELECT level, at_ms, topic, name FROM ${table} WHERE level = ? AND at_ms < ? LIMIT ?)`,
  };
}
