import type { Logger } from 'pino';
import type { Answer, Classification } from '../classify/classifier.ts';
import { AppError } from '../errors.ts';
import type { PhotoRecord, RecordStore, RequestRecord, Sender } from '../store/store.ts';

/** The request that a photo came with. */
export interface Origin {
  readonly sender: Sender;
  readonly requestId: string;
}

/** What is known of a photo whether it was answered or not. */
export type RecordedPhoto = Pick<PhotoRecord, 'kind' | 'sha256' | 'sizeBytes' | 'durationMs'>;

export type RecordedRequest = Pick<
  RequestRecord,
  'route' | 'lookups' | 'lookupHits' | 'uploads' | 'durationMs'
>;

/**
 * Writes down what happened, each photo once: an upload is a photo, a look-up that hits is a photo, a look-up that
 * misses is counted in its request only. No call rejects: statistics never cost anybody an answer.
 */
export interface Recorder {
  answered(
    origin: Origin,
    photo: RecordedPhoto,
    answer: Pick<Answer, 'classification' | 'from' | 'degraded' | 'costMicro'>,
  ): Promise<void>;
  failed(origin: Origin, photo: RecordedPhoto, error: unknown): Promise<void>;
  request(origin: Origin, request: RecordedRequest): Promise<void>;
  /** Resolves when every record so far is written or given up. */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  readonly store: RecordStore;
  readonly logger: Pick<Logger, 'warn'>;
  /** A record was lost: while the store was down or overloaded, or because a write failed. */
  readonly onLost?: (reason: 'store_unavailable' | 'error') => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Losses are told at most that often, with their number. */
const reportEveryMs = 60_000;

export function openRecorder({ store, logger, onLost, now = Date.now }: RecorderOptions): Recorder {
  const inFlight = new Set<Promise<void>>();
  let lost = 0;
  let nextReportAt = 0;

  function lose(error: unknown): void {
    const isUnavailable = error instanceof AppError;
    onLost?.(isUnavailable ? 'store_unavailable' : 'error');
    lost += 1;
    if (now() < nextReportAt) return;
    nextReportAt = now() + reportEveryMs;
    logger.warn({ lost, reason: isUnavailable ? error.code : String(error) }, 'records of photos were lost');
    lost = 0;
  }

  /** The store refuses at once while it is down, so that nothing piles up here. */
  function write(record: Promise<void>): Promise<void> {
    const written = record.catch(lose).finally(() => inFlight.delete(written));
    inFlight.add(written);
    return written;
  }

  return {
    answered: (origin, photo, { classification, from, degraded, costMicro }) =>
      write(
        store.recordPhoto({
          ...headOf(origin, now()),
          ...photo,
          ...answerOf(classification),
          outcome: from === 'model' ? classification.method : from,
          degraded,
          // Whoever joined a call under way did not pay for it.
          ...(from === 'model' && costMicro !== undefined && { costMicro }),
        }),
      ),

    failed: (origin, photo, error) =>
      write(
        store.recordPhoto({
          ...headOf(origin, now()),
          ...photo,
          outcome: 'failed',
          degraded: false,
          errorCode: error instanceof AppError ? error.code : 'internal_error',
        }),
      ),

    request: (origin, request) => write(store.recordRequest({ ...headOf(origin, now()), ...request })),

    async flush() {
      await Promise.all(inFlight);
    },
  };
}

function headOf({ sender, requestId }: Origin, at: number): Sender & { requestId: string; at: number } {
  return { ...sender, requestId, at };
}

function answerOf({ category, confidence, model }: Classification) {
  return { category, confidence, model };
}
