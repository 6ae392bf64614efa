import type { Answer, Classification } from '../classify/classifier.ts';
import { AppError } from '../errors.ts';
import type { CallerIdentity, PhotoRecord, RecordStore, RequestRecord, Tally } from '../store/records.ts';
import { type Day, dayOf } from './day.ts';
import type { Savings } from './reports/savings.ts';

/** The request that a photo came with. */
export interface RecordedCaller {
  readonly identity: CallerIdentity;
  readonly requestId: string;
}

/** Properties of answered and failed photos. */
export type RecordedPhoto = Pick<PhotoRecord, 'kind' | 'sha256' | 'sizeBytes' | 'durationMs'>;

export type RecordedRequest = Pick<
  RequestRecord,
  'route' | 'lookups' | 'lookupHits' | 'uploads' | 'failed' | 'durationMs'
>;

/** Something counted that is no photo and no request. */
export type RecordedTally = Pick<Tally, 'topic' | 'name'> &
  Partial<Pick<Tally, 'n' | 'amount' | 'durationMs'>>;

/**
 * Records each photo once: an upload is a photo, a look-up that hits is a photo, a look-up that misses counts in its
 * request only. No call throws or waits, so that statistics never cost an answer.
 */
export interface Recorder {
  answered(
    caller: RecordedCaller,
    photo: RecordedPhoto,
    answer: Pick<Answer, 'classification' | 'from' | 'degraded' | 'costMicro' | 'original' | 'better'>,
  ): void;
  failed(caller: RecordedCaller, photo: RecordedPhoto, error: unknown): void;
  request(caller: RecordedCaller, request: RecordedRequest): void;
  tallies(counted: readonly RecordedTally[]): void;
}

export interface RecorderOptions {
  readonly store: RecordStore;
  /** A record is invalid. */
  readonly onRefused?: (error: unknown) => void;
  readonly onPhoto?: (photo: PhotoRecord) => void;
  readonly onRequest?: (request: RequestRecord) => void;
  /** IANA name, in which days begin. Default UTC. */
  readonly timeZone?: string;
  /** What hits save; without it they save nothing that is known. */
  readonly savings?: Pick<Savings, 'uploaded' | 'photoMicro' | 'uploadBytes'>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export function openRecorder(options: RecorderOptions): Recorder {
  const { store, savings, timeZone = 'UTC', now = Date.now } = options;
  let today: Day | undefined;

  function moment(): { at: number; dayAt: number } {
    const at = now();
    if (today === undefined || at < today.from || at >= today.to) today = dayOf(at, timeZone);
    return { at, dayAt: today.from };
  }

  function head({ identity, requestId }: RecordedCaller) {
    return { ...identity, requestId, ...moment() };
  }

  function write(record: () => void): void {
    try {
      record();
    } catch (error) {
      options.onRefused?.(error);
    }
  }

  function writePhoto(record: PhotoRecord): void {
    if (record.kind === 'upload' && record.sizeBytes !== undefined) savings?.uploaded(record.sizeBytes);
    options.onPhoto?.(record);
    write(() => store.recordPhoto(record));
  }

  return {
    answered: (caller, photo, { classification, from, degraded, costMicro, original, better }) =>
      writePhoto({
        ...head(caller),
        ...photo,
        ...answerOf(classification),
        outcome: outcomeOf(classification, from, original),
        // In the album lane nothing has failed, and who looks up again and again has been counted by the upload.
        degraded: degraded && better === undefined && photo.kind === 'upload',
        // A caller that joined a call in flight did not pay for it.
        ...(from === 'model' && costMicro !== undefined && { costMicro }),
        ...(from !== 'model' && classification.method === 'llm' && savedMicro(savings)),
        ...(photo.kind === 'lookup' && savings && { avoidedBytes: savings.uploadBytes() }),
      }),

    failed: (caller, photo, error) =>
      writePhoto({
        ...head(caller),
        ...photo,
        outcome: 'failed',
        degraded: false,
        errorCode: error instanceof AppError ? error.code : 'internal_error',
      }),

    request(caller, request) {
      const record = { ...head(caller), ...request };
      options.onRequest?.(record);
      write(() => store.recordRequest(record));
    },

    tallies: (counted) =>
      write(() => store.recordTallies(counted.map((one) => ({ n: 1, amount: 0, ...one, ...moment() })))),
  };
}

function outcomeOf(
  { method }: Classification,
  from: Answer['from'],
  original: string | undefined,
): PhotoRecord['outcome'] {
  if (original !== undefined) return 'near';
  return from === 'model' ? method : from;
}

/** Only an LLM's answer would cost a call again. */
function savedMicro(savings: RecorderOptions['savings']): { savedMicro: number } | undefined {
  return savings && { savedMicro: savings.photoMicro() };
}

function answerOf({ category, confidence, model }: Classification) {
  return { category, confidence, model };
}
