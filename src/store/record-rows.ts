import { bounded, boundedOrNull, columnSize, hexKey, wholeNumber } from './columns.ts';
import { wholeMicro } from './spend.ts';
import type { Latency, PhotoRecord, RequestRecord, Sender, Summary } from './store.ts';

type Value = string | number | null;

/** Columns that both record tables begin with. */
const senderColumns = ['at_ms', 'request_id', 'claimant', 'user_id', 'network'] as const;

export const photoColumns = [
  ...senderColumns,
  'sha256',
  'kind',
  'outcome',
  'size_bytes',
  'category',
  'confidence',
  'model',
  'degraded',
  'duration_ms',
  'error_code',
  'cost_micro',
] as const;

export const requestColumns = [
  ...senderColumns,
  'route',
  'lookups',
  'lookup_hits',
  'uploads',
  'duration_ms',
] as const;

/** Which of those are stored as bytes and given as hex. */
export const binaryColumns: ReadonlySet<string> = new Set([
  'sha256',
  'claimant',
  'claimed',
  'content',
  'newest',
  'hash',
]);

export function photoValues(record: PhotoRecord): readonly Value[] {
  return [
    ...senderValues(record),
    record.sha256 === undefined ? null : hexKey(record.sha256, 32),
    record.kind,
    record.outcome,
    record.sizeBytes === undefined ? null : wholeNumber(record.sizeBytes),
    boundedOrNull(record.category, columnSize.category),
    record.confidence ?? null,
    boundedOrNull(record.model, columnSize.model),
    record.degraded ? 1 : 0,
    wholeNumber(record.durationMs),
    boundedOrNull(record.errorCode, columnSize.errorCode),
    record.costMicro === undefined ? null : wholeMicro(record.costMicro),
  ];
}

export function requestValues(record: RequestRecord): readonly Value[] {
  return [
    ...senderValues(record),
    record.route,
    wholeNumber(record.lookups),
    wholeNumber(record.lookupHits),
    wholeNumber(record.uploads),
    wholeNumber(record.durationMs),
  ];
}

function senderValues(record: Sender & { at: number; requestId: string }): readonly Value[] {
  return [
    record.at,
    bounded(record.requestId, columnSize.requestId),
    hexKey(record.claimant, 16),
    boundedOrNull(record.userId, columnSize.userId),
    bounded(record.network, columnSize.network),
  ];
}

/** Photos of one outcome that took the same number of milliseconds. */
export interface PhotoCountRow {
  readonly outcome: PhotoRecord['outcome'];
  readonly duration_ms: number;
  readonly photos: number;
  readonly degraded: number;
}

export interface RequestTotalsRow {
  readonly requests: number;
  readonly lookups: number;
  readonly lookup_hits: number;
  readonly users: number;
}

/** Both are ordinary SQL that every driver takes; the two parameters are `from` and `to`. */
export const photoCountsSql = `SELECT outcome, duration_ms, COUNT(*) AS photos, SUM(degraded) AS degraded
  FROM photos WHERE at_ms >= ? AND at_ms < ? GROUP BY outcome, duration_ms ORDER BY outcome, duration_ms`;

export const requestTotalsSql = `SELECT COUNT(*) AS requests, COALESCE(SUM(lookups), 0) AS lookups,
  COALESCE(SUM(lookup_hits), 0) AS lookup_hits,
  COUNT(DISTINCT CASE WHEN user_id IS NOT NULL THEN claimant END) AS users
  FROM requests WHERE at_ms >= ? AND at_ms < ?`;

/**
 * Percentiles are exact (nearest rank, whole milliseconds): the database counts photos by duration, and there are
 * no more distinct durations than milliseconds in the longest request, however many photos.
 * @param counts ordered by duration
 */
export function summaryOf(counts: readonly PhotoCountRow[], totals: RequestTotalsRow | undefined): Summary {
  const photosByOutcome: Record<PhotoRecord['outcome'], number> = {
    llm: 0,
    local: 0,
    flight: 0,
    memory: 0,
    store: 0,
    claim: 0,
    failed: 0,
  };
  const rowsByOutcome = new Map<PhotoRecord['outcome'], PhotoCountRow[]>();
  let degraded = 0;
  for (const row of counts) {
    // A newer release may write outcomes that this one does not know yet: they are photos all the same.
    photosByOutcome[row.outcome] = (photosByOutcome[row.outcome] ?? 0) + Number(row.photos);
    degraded += Number(row.degraded);
    const rows = rowsByOutcome.get(row.outcome);
    if (rows === undefined) rowsByOutcome.set(row.outcome, [row]);
    else rows.push(row);
  }
  const latencies = [...rowsByOutcome].map(([outcome, rows]) => [outcome, latencyOf(rows)]);
  return {
    requests: Number(totals?.requests ?? 0),
    lookups: Number(totals?.lookups ?? 0),
    lookupHits: Number(totals?.lookup_hits ?? 0),
    photos: Object.values(photosByOutcome).reduce((sum, photos) => sum + photos, 0),
    photosByOutcome,
    degraded,
    uniqueUsers: Number(totals?.users ?? 0),
    latencyByOutcome: Object.fromEntries(latencies),
  };
}

function latencyOf(rows: readonly PhotoCountRow[]): Latency {
  const count = rows.reduce((sum, row) => sum + Number(row.photos), 0);
  const atShare = (share: number): number => {
    let rank = Math.ceil(share * count);
    for (const row of rows) {
      rank -= Number(row.photos);
      if (rank <= 0) return row.duration_ms;
    }
    return 0;
  };
  return { count, p50Ms: atShare(0.5), p95Ms: atShare(0.95) };
}
