import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ClassifyContext } from '../../classify/classifier.ts';
import { AppError } from '../../errors.ts';
import {
  type Answered,
  atMost,
  openPhotoDesk,
  type PhotoDesk,
  writeWaitMs,
} from '../../photos/classify-photo.ts';
import { holdRecords } from '../../photos/held-records.ts';
import { deadlineOnceStarted } from '../../resilience/deadline.ts';
import type { Sender } from '../../store/records.ts';
import { type Caller, callerOf } from '../access/caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { recheckAsked } from '../ops/access.ts';
import { type FormFields, type PhotoPart, readPhotoForm } from './photo-form.ts';

/** One photo of a batch, answered or not. */
export interface BatchItem {
  readonly index: number;
  readonly filename: string;
  readonly outcome: Answered | AppError;
  readonly durationMs: number;
}

export interface Batch {
  readonly caller: Caller;
  /** Exactly one item per photo, in upload order. */
  readonly items: readonly BatchItem[];
  readonly fields: FormFields;
  /** Since the request arrived. */
  readonly durationMs: number;
}

export interface BatchWork {
  /** Called for each photo as it is finished, with how many have arrived by then. */
  readonly onItem?: ((item: BatchItem, received: number) => void) | undefined;
  /** Who sent the form, where its text parts may say so: records wait for them. */
  readonly senderIn?: (fields: FormFields) => Sender;
  /**
   * Looks at the complete form, of so many photos, before any LLM is asked about one of them. The time in which the
   * batch is answered begins then.
   * @throws AppError to refuse it
   */
  readonly check?: (fields: FormFields, photos: number) => void;
}

/** From the arrival of a request on, where the time of its batch begins later: client C gives up after 180 s. */
const longestRequestMs = 150_000;

/** Works on the photos of one form in parallel, from the moment each has arrived. One photo's error is its own. */
export function openBatchDesk(dependencies: HttpDependencies) {
  const { limits, recorder, log } = dependencies;
  const claims = openPhotoDesk(dependencies);
  const recheck = recheckAsked(dependencies.opsRule);

  async function itemOf(
    desk: PhotoDesk,
    { index, filename, received }: PhotoPart,
    caller: Caller,
  ): Promise<BatchItem> {
    const startedMs = performance.now();
    const item = (outcome: BatchItem['outcome']): BatchItem => ({
      index,
      filename,
      outcome,
      durationMs: Math.round(performance.now() - startedMs),
    });
    if (received instanceof AppError) {
      desk.refuse(received, caller, { durationMs: 0 });
      return item(received);
    }
    try {
      return item(await desk.answer(received, caller));
    } catch (error) {
      if (error instanceof AppError) return item(error);
      if (!caller.context.signal.aborted)
        log.error(
          { err: error, requestId: caller.requestId, index },
          'a photo of a batch failed unexpectedly',
        );
      return item(new UnexpectedError('The photo could not be classified; the error is logged.'));
    }
  }

  /** @throws AppError the form as a whole can't be used; what was answered by then is stored all the same */
  async function work(
    request: FastifyRequest,
    reply: FastifyReply,
    { onItem, senderIn, check }: BatchWork = {},
  ): Promise<Batch> {
    const isRecheck = recheck(request);
    const deadlineMs = check ? Math.max(longestRequestMs, limits.batchMs) : limits.batchMs;
    const plain = callerOf(request, reply, { lane: 'batch', deadlineMs, isRecheck });
    const form = check && openFormCheck(plain.context, limits.batchMs);
    const caller = form ? { ...plain, context: form.context } : plain;
    const held = holdRecords(recorder);
    const desk = openPhotoDesk({ ...dependencies, recorder: held.recorder });
    let sender = caller.sender;
    if (!senderIn) held.name(sender);
    const pending: Promise<BatchItem>[] = [];
    let answered = 0;
    const start = (part: PhotoPart) => {
      const finished = itemOf(desk, part, caller);
      pending.push(finished);
      void finished.then((item) => {
        if (!(item.outcome instanceof AppError)) answered += 1;
        onItem?.(item, pending.length);
      });
    };
    const options = {
      photoField: 'images',
      maxPhotos: limits.batchFiles,
      maxBytes: limits.batchBytes,
    } as const;
    try {
      const fields = await readPhotoForm(request, dependencies, options, caller.context.signal, start);
      if (senderIn) sender = senderIn(fields);
      held.name(sender);
      check?.(fields, pending.length);
      form?.accept();
      const items = await Promise.all(pending);
      return { caller: { ...caller, sender }, items, fields, durationMs: Math.round(reply.elapsedTime) };
    } catch (error) {
      form?.refuse(error);
      throw error;
    } finally {
      // Where the form breaks off, photos that did arrive may still be at work.
      held.name(sender);
      const durationMs = Math.round(reply.elapsedTime);
      void Promise.all(pending).then(() =>
        recorder.request(
          { ...caller, sender },
          {
            route: 'batch',
            lookups: 0,
            lookupHits: 0,
            uploads: pending.length,
            failed: pending.length - answered,
            durationMs,
          },
        ),
      );
    }
  }

  /** Files what the sender says of the photos that were answered, once it has said it. */
  async function claim(
    { items, caller: { sender } }: Batch,
    hashes: readonly (string | undefined)[],
  ): Promise<void> {
    const filed = items.map(({ index, outcome }) =>
      outcome instanceof AppError ? undefined : claims.claim(sender, hashes[index], outcome),
    );
    await atMost(writeWaitMs, Promise.all(filed));
  }

  return { work, claim };
}

/** The context of photos whose form is not complete: work on them ends where it is refused. */
function openFormCheck(context: ClassifyContext, durationMs: number) {
  const { promise: formAccepted, resolve } = Promise.withResolvers<void>();
  const deadline = deadlineOnceStarted(durationMs, context.deadline);
  const refused = new AbortController();
  const leave = () => refused.abort(context.signal.reason);
  context.signal.addEventListener('abort', leave, { once: true });
  if (context.signal.aborted) leave();
  return {
    context: { ...context, deadline, signal: refused.signal, formAccepted },
    accept(): void {
      deadline.start();
      resolve();
    },
    refuse: (error: unknown) => refused.abort(error),
  };
}

class UnexpectedError extends AppError {
  readonly code = 'internal_error';
  readonly status = 500;
}
