import type { Logger } from 'pino';
import type { Answer, Classification } from '../classify/classifier.ts';
import { AppError } from '../errors.ts';
import type { Tally } from '../store/rollup.ts';
import type { PhotoRecord, RecordStore, RequestRecord, Sender } from '../store/store.ts';
import { type Day, dayOf } from './day.ts';
import type { Savings } from './savings.ts';

/** The request that a photo came with. */
export interface Origin {
  readonly sender: Sender;
  readonly requestId: string;
}

/** What is known of a photo whether it was answered or not. */
export type RecordedPhoto = Pick<PhotoRecord, 'kind' | 'sha256' | 'sizeBytes' | 'durationMs'>;

export type RecordedRequest = Pick<
  RequestRecord,
  'route' | 'lookups' | 'lookupHits' | 'uploads' | 'failed' | 'durationMs'
>;

/** Something counted that is no photo and no request. */
export type RecordedTally = Pick<Tally, 'topic' | 'name'> &
  Partial<Pick<Tally, 'n' | 'amount' | 'durationMs'>>;

/**
 * Writes down what happened, each photo once: an upload is a photo, a look-up that hits is a photo, a look-up that
 * misses is counted in its request only. No call rejects: statistics never cost anybody an answer.
 */
export interface Recorder {
  answered(
    origin: Origin,
    photo: RecordedPhoto,
    answer: Pick<Answer, 'classification' | 'from' | 'degraded' | 'costMicro' | 'saidOf'>,
  ): Promise<void>;
  failed(origin: Origin, photo: RecordedPhoto, error: unknown): Promise<void>;
  request(origin: Origin, request: RecordedRequest): Promise<void>;
  tallies(counted: readonly RecordedTally[]): Promise<void>;
  /** Resolves when every record so far is written or given up. */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  readonly store: RecordStore;
  readonly logger: Pick<Logger, 'warn'>;
  /** A record was lost: while the store was down or overloaded, or because a write failed. */
  readonly onLost?: (reason: 'store_unavailable' | 'error') => void;
  readonly onPhoto?: (photo: PhotoRecord) => void;
  readonly onRequest?: (request: RequestRecord) => void;
  /** IANA name, in which days begin. Default UTC. */
  readonly timeZone?: string;
  /** What hits save; without it they save nothing that is known. */
  readonly savings?: Pick<Savings, 'uploaded' | 'photoMicro' | 'uploadBytes'>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Losses are told at most that often, with their number. */
const reportEveryMs = 60_000;

export function openRecorder(options: RecorderOptions): Recorder {
  const { store, logger, onLost, savings, timeZone = 'UTC', now = Date.now } = options;
  const inFlight = new Set<Promise<void>>();
  let lost = 0;
  let nextReportAt = 0;
  let today: Day | undefined;

  function moment(): { at: number; dayAt: number } {
    const at = now();
    if (today === undefined || at < today.from || at >= today.to) today = dayOf(at, timeZone);
    return { at, dayAt: today.from };
  }

  function head({ sender, requestId }: Origin) {
    return { ...sender, requestId, ...moment() };
  }

  function writePhoto(record: PhotoRecord): Promise<void> {
    if (record.kind === 'upload' && record.sizeBytes !== undefined) savings?.uploaded(record.sizeBytes);
    options.onPhoto?.(record);
    return write(store.recordPhoto(record));
  }

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
    answered: (origin, photo, { classification, from, degraded, costMicro, saidOf }) =>
      writePhoto({
        ...head(origin),
        ...photo,
        ...answerOf(classification),
        outcome: outcomeOf(classification, from, saidOf !== undefined),
        degraded,
        // Whoever joined a call under way did not pay for it.
        ...(from === 'model' && costMicro !== undefined && { costMicro }),
        ...(from !== 'model' && classification.method === 'llm' && savedMicro(savings)),
        ...(photo.kind === 'lookup' && savings && { avoidedBytes: savings.uploadBytes() }),
      }),

    failed: (origin, photo, error) =>
      writePhoto({
        ...head(origin),
        ...photo,
        outcome: 'failed',
        degraded: false,
        errorCode: error instanceof AppError ? error.code : 'internal_error',
      }),

    request(origin, request) {
      const record = { ...head(origin), ...request };
      options.onRequest?.(record);
      return write(store.recordRequest(record));
    },

    tallies: (counted) =>
      write(store.recordTallies(counted.map((one) => ({ n: 1, amount: 0, ...one, ...moment() })))),

    async flush() {
      await Promise.all(inFlight);
    },
  };
}

/** A photo that joined a call is one of those, whatever that call was answered with. */
function outcomeOf(
  { method }: Classification,
  from: Answer['from'],
  isTwin: boolean,
): PhotoRecord['outcome'] {
  if (from === 'model') return method;
  return isTwin && from !== 'flight' ? 'near' : from;
}

/** Only what an LLM answered at first would be asked of one again. */
function savedMicro(savings: RecorderOptions['savings']): { savedMicro: number } | undefined {
  return savings && { savedMicro: savings.photoMicro() };
}

function answerOf({ category, confidence, model }: Classification) {
  return { category, confidence, model };
}
