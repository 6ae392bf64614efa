import type { PhotoRecord, RequestRecord } from '../records.ts';

const outcomes: Readonly<Record<PhotoRecord['outcome'], true>> = {
  llm: true,
  local: true,
  failed: true,
  near: true,
  memory: true,
  store: true,
  claim: true,
  flight: true,
};
const routes: Readonly<Record<RequestRecord['route'], true>> = {
  classify: true,
  batch: true,
  'check-cache': true,
  'batch-check-cache': true,
};

export interface RecordTable {
  /** With a partition for each day of UTC and one, `future`, for what comes after the last day. */
  readonly table: string;
  readonly leading: string;
  /** All values of the column `leading`. */
  readonly values: readonly string[];
  /** The table of the releases before. */
  readonly former: string;
}

/**
 * Records lie in new tables, and in those of the releases before until they have expired. By time they are found with an
 * index that begins with another column: one by time alone would be one that all writers add to at the same place.
 */
export const recordTables = {
  photos: { table: 'photo_records', leading: 'outcome', values: Object.keys(outcomes), former: 'photos' },
  requests: { table: 'request_records', leading: 'route', values: Object.keys(routes), former: 'requests' },
} as const satisfies Record<string, RecordTable>;
