import { PassThrough } from 'node:stream';
import { finished as streamEnd } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { AppError } from '../../errors.ts';
import type { BatchItem } from '../../photos/classify-batch.ts';
import { languageOf } from '../language.ts';
import { knownError, problemOf } from '../problem.ts';

const ndjson = 'application/x-ndjson';

/** On every line about a photo. */
export const Progress = Type.Object(
  {
    received: Type.Integer({ description: 'Photos that have arrived so far' }),
    finished: Type.Integer({ description: 'Answered or failed, this one included' }),
    success_count: Type.Integer(),
    fail_count: Type.Integer(),
    cached_count: Type.Integer(),
    at_once: Type.Integer({ description: 'Photos that are worked on at once, at present' }),
  },
  { description: 'Where the batch stands' },
);

export interface BatchStreamParts {
  readonly log: Pick<Logger, 'error'>;
  /** The number of photos to process at once, at present: follows the provider's limit. */
  photosAtOnce(): number;
}

export interface StreamedBatch {
  /** Classifies the batch and reports each photo when it is finished. @returns the last line */
  readonly work: (onItem: (item: BatchItem, received: number) => void) => Promise<unknown>;
  readonly lineOf: (item: BatchItem) => object;
}

export function wantsLines(request: FastifyRequest): boolean {
  return request.headers.accept?.includes(ndjson) ?? false;
}

/**
 * Answers with a line a photo, then one for the whole; a form that breaks off ends with a problem instead. The answer
 * begins when the form is complete: a proxy such as nginx stops sending a form whose answer has begun.
 */
export async function streamBatch(
  request: FastifyRequest,
  reply: FastifyReply,
  { log, photosAtOnce }: BatchStreamParts,
  { work, lineOf }: StreamedBatch,
) {
  const lines = new PassThrough();
  const write = (line: unknown) => lines.writable && lines.write(`${JSON.stringify(line)}\n`);
  const count = counters();
  reply.type(ndjson);
  const finished = work((item, received) => {
    const progress: Static<typeof Progress> = { received, ...count(item), at_once: photosAtOnce() };
    write({ ...lineOf(item), progress });
  }).then(write, (error) => {
    const known = knownError(error);
    if (!known) log.error({ err: error, requestId: request.id }, 'a streamed batch failed unexpectedly');
    write(
      known ? problemOf(known, request.id, languageOf(request)) : { status: 500, code: 'internal_error' },
    );
  });
  void finished.then(() => lines.end());
  const received = streamEnd(request.raw, { writable: false }).catch(() => {});
  await Promise.race([received, finished]);
  return reply.send(lines);
}

function counters() {
  const soFar = { finished: 0, success_count: 0, fail_count: 0, cached_count: 0 };
  return ({ outcome }: BatchItem) => {
    soFar.finished += 1;
    if (outcome instanceof AppError) soFar.fail_count += 1;
    else soFar.success_count += 1;
    if (!(outcome instanceof AppError) && outcome.answer.from !== 'model') soFar.cached_count += 1;
    return soFar;
  };
}
