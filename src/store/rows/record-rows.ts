import type { CallerIdentity, PhotoRecord, RequestRecord } from '../records.ts';
import { bounded, boundedOrNull, columnSize, hexKey, wholeMicro, wholeNumber } from './columns.ts';

export type RecordValue = string | number | null;

/** Columns that both record tables begin with. */
const callerColumns = ['at_ms', 'request_id', 'claimant', 'user_id', 'network'] as const;

export const photoColumns = [
  ...callerColumns,
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
  ...callerColumns,
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

export function photoValues(record: PhotoRecord): readonly RecordValue[] {
  return [
    ...callerValues(record),
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

export function requestValues(record: RequestRecord): readonly RecordValue[] {
  return [
    ...callerValues(record),
    record.route,
    wholeNumber(record.lookups),
    wholeNumber(record.lookupHits),
    wholeNumber(record.uploads),
    wholeNumber(record.durationMs),
  ];
}

function callerValues(record: CallerIdentity & { at: number; requestId: string }): readonly RecordValue[] {
  return [
    record.at,
    bounded(record.requestId, columnSize.requestId),
    hexKey(record.claimant, 16),
    boundedOrNull(record.userId, columnSize.userId),
    bounded(record.network, columnSize.network),
  ];
}
