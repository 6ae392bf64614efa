/** A row as a driver reads it. */
export type ReportRow = Readonly<Record<string, unknown>>;

export interface ReportDialect {
  /** Must not hold up the hot path. */
  read(sql: string, values: readonly (string | number)[], isLong?: boolean): Promise<readonly ReportRow[]>;
  /** @returns rows changed */
  write(sql: string, values: readonly (string | number)[]): Promise<number>;
  /** Tables of the records of photos, those of the release before included. */
  readonly photos: readonly string[];
  readonly saveSnapshotSql: string;
  /** Deletes rows of a level that are too old, at most `limit` of them. */
  pruneSql(table: string): string;
}
