import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { AppError, BadRequestError } from '../../errors.ts';
import { inLanguage, type Language } from '../../messages/text.ts';
import type { Batch, BatchItem } from '../../photos/classify-batch.ts';
import { hashIn } from '../../photos/content-hash.ts';
import {
  Envelope,
  PhotoData,
  Problem,
  problems,
  stamp,
  v1PhotoData,
  type Wording,
} from '../answer-schemas.ts';
import { languageOf } from '../language.ts';
import { type BatchRequestParts, Lane, openBatchRequests } from '../upload/batch-request.ts';
import type { FormFields } from '../upload/photo-form.ts';
import { checkRequestTimeout, RequestTimeout } from '../upload/request-timeout.ts';
import { type BatchStreamParts, Progress, streamBatch, wantsLines } from './batch-stream.ts';

export interface BatchRouteParts extends BatchRequestParts, BatchStreamParts, Wording {
  readonly log: Logger;
}

const Item = Type.Object({
  index: Type.Integer(),
  filename: Type.String(),
  success: Type.Boolean(),
  data: Type.Optional(PhotoData),
  error: Type.Optional(Type.String()),
  error_code: Type.Optional(Type.String()),
  from_cache: Type.Boolean(),
  processing_time_ms: Type.Integer(),
});

const summary = {
  success: Type.Literal(true),
  total: Type.Integer(),
  success_count: Type.Integer(),
  fail_count: Type.Integer(),
};

const Totals = Type.Object({ ...summary, total_processing_time_ms: Type.Integer(), ...Envelope });

const schema = {
  summary: 'Classify a batch of photos',
  description:
    'One item per part, in upload order; 200 even when some or all fail. With `Accept: application/x-ndjson`: one ' +
    'line per photo as it is finished, with counters, from the end of the form on; then a line with the totals, or a ' +
    'problem if the form breaks off.',
  tags: ['classify'],
  consumes: ['multipart/form-data'],
  headers: RequestTimeout,
  body: Type.Object({
    lane: Lane,
    images: Type.Array(Type.String({ format: 'binary' })),
    image_hashes: Type.Optional(
      Type.String({
        description: 'JSON list as text; used only where it is as long as `images`',
        examples: ['[]'],
      }),
    ),
  }),
  response: {
    200: {
      description: 'One item per part',
      content: {
        'application/json': { schema: Type.Object({ ...Totals.properties, items: Type.Array(Item) }) },
        'application/x-ndjson': {
          schema: Type.Union([Type.Object({ ...Item.properties, progress: Progress }), Totals, Problem]),
        },
      },
    },
    ...problems(400, 413, 503),
  },
};

export function batchRoutes(app: FastifyInstance, parts: BatchRouteParts): void {
  const requests = openBatchRequests(parts);

  async function work(
    request: FastifyRequest,
    reply: FastifyReply,
    onItem?: (item: BatchItem, received: number) => void,
  ) {
    const batch = await requests.classify(request, reply, { onItem });
    const hashes = claimedHashes(batch.fields.image_hashes);
    if (hashes.length === batch.items.length) await requests.claim(batch, hashes);
    return { ...totalsOf(batch), total_processing_time_ms: batch.durationMs, ...stamp(request.id), batch };
  }

  const options = { schema, validatorCompiler: () => () => true, onRequest: checkRequestTimeout };
  app.post('/api/v1/classify/batch', options, async (request, reply) => {
    if (wantsLines(request))
      return streamBatch(request, reply, parts, {
        work: (onItem) => work(request, reply, onItem).then(({ batch: _, ...totals }) => totals),
        lineOf: (item) => itemOf(item, parts, languageOf(request)),
      });
    const { batch, ...totals } = await work(request, reply);
    return { ...totals, items: batch.items.map((item) => itemOf(item, parts, languageOf(request))) };
  });
}

function totalsOf({ items }: Batch<FormFields>) {
  const failed = items.filter(({ outcome }) => outcome instanceof AppError).length;
  return {
    success: true as const,
    total: items.length,
    success_count: items.length - failed,
    fail_count: failed,
  };
}

function itemOf(
  { index, filename, outcome, durationMs }: BatchItem,
  wording: Wording,
  language: Language,
): Static<typeof Item> {
  const base = { index, filename, processing_time_ms: durationMs };
  if (outcome instanceof AppError) {
    const error = inLanguage(language, outcome.text);
    return { ...base, success: false, error, error_code: outcome.code, from_cache: false };
  }
  const { answer } = outcome;
  return { ...base, success: true, data: v1PhotoData(answer, wording), from_cache: answer.from !== 'model' };
}

/**
 * A JSON list as text. Entries that are no hash say nothing about their photo.
 * @throws BadRequestError no JSON list
 */
function claimedHashes(value: unknown): (string | undefined)[] {
  if (value === undefined || value === '') return [];
  const list = typeof value === 'string' ? parsedOrUndefined(value) : value;
  if (!Array.isArray(list))
    throw new BadRequestError('malformed_body', '`image_hashes` must be a JSON list of hashes.');
  return list.map(hashIn);
}

export function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
