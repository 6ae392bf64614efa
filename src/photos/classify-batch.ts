import type { Logger } from 'pino';
import type { ClassifyContext } from '../classify/classifier.ts';
import { AppError } from '../errors.ts';
import type { ReceivedUpload } from '../image/upload/receive.ts';
import { deadlineOnceStarted } from '../resilience/deadline.ts';
import type { Recorder } from '../stats/recorder.ts';
import type { CallerIdentity } from '../store/records.ts';
import type { Caller } from './caller.ts';
import {
  openPhotoClassifier,
  type PhotoClassifier,
  type PhotoClassifierParts,
  type PhotoResult,
} from './classify-photo.ts';
import { openPendingRecords } from './pending-records.ts';
import { waitForWrites } from './wait-for-writes.ts';

export interface BatchClassifierParts extends Omit<PhotoClassifierParts, 'recorder'> {
  readonly recorder: Pick<Recorder, 'answered' | 'failed' | 'request'>;
  readonly log: Pick<Logger, 'error'>;
}

/** A photo of a form. */
export interface BatchPhoto {
  /** Position among the photos of the form. */
  readonly index: number;
  readonly filename: string;
  /** The photo, or the reason why this part can't be used. */
  readonly received: ReceivedUpload | AppError;
  /** It may wait for its best answer. */
  readonly lane?: 'album';
}

/** The outcome of one photo. */
export interface BatchItem {
  readonly index: number;
  readonly filename: string;
  readonly outcome: PhotoResult | AppError;
  readonly durationMs: number;
}

export interface Batch<Fields> {
  readonly caller: Caller;
  /** Exactly one item per photo, in upload order. */
  readonly items: readonly BatchItem[];
  readonly fields: Fields;
  /** Since the request arrived. */
  readonly durationMs: number;
}

export interface BatchForm<Fields> {
  /**
   * Reads the form and calls `onPhoto` for each photo as it arrives.
   * @returns the text parts
   */
  readonly read: (signal: AbortSignal, onPhoto: (photo: BatchPhoto) => void) => Promise<Fields>;
  /** The caller that the text parts name. Records wait for it. */
  readonly identityIn?: ((fields: Fields) => CallerIdentity) | undefined;
  /** For a form that is complete before an LLM sees one of its photos. */
  readonly check?: FormCheck<Fields> | undefined;
  /** Called for each item when it is complete, with the number of photos that have arrived. */
  readonly onItem?: ((item: BatchItem, received: number) => void) | undefined;
}

export interface FormCheck<Fields> {
  /** The time limit of the batch, from the moment the form is accepted. */
  readonly timeLimitMs: number;
  /** @throws AppError to refuse the form */
  accept(fields: Fields, photos: number): void;
}

/** The use case of a batch: classifies photos in parallel as they arrive. The error of one photo concerns it alone. */
export function openBatchClassifier(parts: BatchClassifierParts) {
  const { recorder, log } = parts;
  const { claim: claimPhoto } = openPhotoClassifier(parts);

  /** @throws AppError the form as a whole can't be used; results so far are stored */
  async function classify<Fields>(arrival: Caller, form: BatchForm<Fields>): Promise<Batch<Fields>> {
    const { read, identityIn, check, onItem } = form;
    const acceptance = check && openFormAcceptance(arrival.context, check.timeLimitMs);
    const caller = acceptance ? { ...arrival, context: acceptance.context } : arrival;
    const records = openPendingRecords(recorder);
    const photoClassifier = openPhotoClassifier({ ...parts, recorder: records.recorder });
    let { identity } = caller;
    if (!identityIn) records.setIdentity(identity);
    const pending: Promise<BatchItem>[] = [];
    const start = (photo: BatchPhoto) => {
      const item = classifyItem(photoClassifier, photo, caller, log);
      pending.push(item);
      if (onItem) void item.then((one) => onItem(one, pending.length));
    };
    try {
      const fields = await read(caller.context.signal, start);
      if (identityIn) identity = identityIn(fields);
      records.setIdentity(identity);
      check?.accept(fields, pending.length);
      acceptance?.open();
      const items = await Promise.all(pending);
      return { caller: { ...caller, identity }, items, fields, durationMs: caller.elapsedMs() };
    } catch (error) {
      acceptance?.close(error);
      throw error;
    } finally {
      // After an error in the form, photos that arrived before it may still be in progress.
      records.setIdentity(identity);
      const durationMs = caller.elapsedMs();
      void Promise.all(pending).then((items) => {
        const failed = items.filter(({ outcome }) => outcome instanceof AppError).length;
        const counts = { lookups: 0, lookupHits: 0, uploads: items.length, failed };
        recorder.request({ ...caller, identity }, { route: 'batch', ...counts, durationMs });
      });
    }
  }

  /** Stores the hashes that the caller states for its photos, by the position of the photo. */
  async function claim(
    { items, caller: { identity } }: Pick<Batch<unknown>, 'items' | 'caller'>,
    hashes: readonly (string | undefined)[],
  ): Promise<void> {
    await waitForWrites(
      items.map(({ index, outcome }) =>
        outcome instanceof AppError ? undefined : claimPhoto(identity, hashes[index], outcome),
      ),
    );
  }

  return { classify, claim };
}

async function classifyItem(
  classifier: PhotoClassifier,
  { index, filename, received, lane }: BatchPhoto,
  arrival: Caller,
  log: BatchClassifierParts['log'],
): Promise<BatchItem> {
  const startedMs = performance.now();
  const caller = lane ? { ...arrival, context: { ...arrival.context, lane } } : arrival;
  const item = (outcome: BatchItem['outcome']): BatchItem => ({
    index,
    filename,
    outcome,
    durationMs: Math.round(performance.now() - startedMs),
  });
  if (received instanceof AppError) {
    classifier.recordFailure(received, caller, { durationMs: 0 });
    return item(received);
  }
  try {
    return item(await classifier.classify(received, caller));
  } catch (error) {
    if (error instanceof AppError) return item(error);
    const { requestId, context } = caller;
    if (!context.signal.aborted)
      log.error({ err: error, requestId, index }, 'a photo of a batch failed unexpectedly');
    return item(new UnexpectedError('The photo could not be classified; the error is logged.'));
  }
}

/** Photos of an incomplete form wait here: it opens when the form is accepted, and ends their work when it is refused. */
function openFormAcceptance(context: ClassifyContext, timeLimitMs: number) {
  const { promise: formAccepted, resolve } = Promise.withResolvers<void>();
  const deadline = deadlineOnceStarted(timeLimitMs, context.deadline);
  const refusal = new AbortController();
  const abort = () => refusal.abort(context.signal.reason);
  context.signal.addEventListener('abort', abort, { once: true });
  if (context.signal.aborted) abort();
  return {
    context: { ...context, deadline, signal: refusal.signal, formAccepted },
    open(): void {
      deadline.start();
      resolve();
    },
    close: (error: unknown) => refusal.abort(error),
  };
}

class UnexpectedError extends AppError {
  readonly code = 'internal_error';
  readonly status = 500;
}
