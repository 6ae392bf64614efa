import type { PhotoAnswer } from './answer.ts';
import { ClientError } from './client-error.ts';

/** How far an album is, and in the end how it went. */
export interface AlbumSummary {
  readonly total: number;
  readonly finished: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Known before: looked up by hash, or the same bytes as another photo of the album. */
  readonly fromCache: number;
  readonly byLlm: number;
  readonly byLocal: number;
  /** Of the succeeded, those a weaker method had to answer. */
  readonly degraded: number;
  /** Of `fromCache`, the same bytes as another photo of the album. */
  readonly duplicates: number;
  /** Why photos failed: how many by error code, with one of the messages. */
  readonly reasons: Readonly<Record<string, { readonly count: number; readonly message: string }>>;
  readonly durationMs: number;
}

export interface Tally {
  add(outcome: PhotoAnswer | ClientError, isDuplicate: boolean): void;
  summary(): AlbumSummary;
}

export function openTally(total: number): Tally {
  const startedMs = Date.now();
  const counts = { succeeded: 0, failed: 0, fromCache: 0, byLlm: 0, byLocal: 0, degraded: 0, duplicates: 0 };
  const reasons: Record<string, { count: number; message: string }> = {};

  return {
    add(outcome, isDuplicate) {
      if (outcome instanceof ClientError) {
        counts.failed += 1;
        const count = (reasons[outcome.code]?.count ?? 0) + 1;
        reasons[outcome.code] = { count, message: outcome.message };
        return;
      }
      counts.succeeded += 1;
      if (isDuplicate) counts.duplicates += 1;
      if (outcome.degraded) counts.degraded += 1;
      const by = { cache: 'fromCache', llm: 'byLlm', local: 'byLocal' } as const;
      counts[by[outcome.inferenceMethod]] += 1;
    },
    summary: () => ({
      total,
      ...counts,
      finished: counts.succeeded + counts.failed,
      reasons: { ...reasons },
      durationMs: Date.now() - startedMs,
    }),
  };
}
