import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { AppError, BadRequestError, VisionError } from '../../errors.ts';
import { inLanguage, type Language, text } from '../../messages/text.ts';
import type { Batch, BatchItem } from '../../photos/classify-batch.ts';
import { hashIn } from '../../photos/content-hash.ts';
import { identityOfRequest } from '../access/caller.ts';
import { Envelope, PhotoData, Problem, photoData, problems, stamp, type Wording } from '../answer-schemas.ts';
import { languageOf } from '../language.ts';
import { Lane, openBatchRequests } from '../upload/batch-request.ts';
import type { FormFields } from '../upload/photo-form.ts';
import { checkRequestTimeout, RequestTimeout } from '../upload/request-timeout.ts';
import { type BatchRouteParts, parsedOrUndefined } from './batch.ts';
import { Progress, streamBatch, wantsLines } from './batch-stream.ts';

const nullable = Type.Union([Type.String(), Type.Null()]);

const Metadata = Type.Object({
  items: Type.Array(
    Type.Object({
      index: Type.Integer(),
      image_uri: Type.String(),
      image_hash: Type.Optional(nullable),
    }),
  ),
  user_id: Type.Optional(nullable),
  prompt: Type.Optional(nullable),
});

const result = {
  error: Type.Optional(Type.String()),
  error_code: Type.Optional(Type.String()),
  ...Type.Partial(PhotoData).properties,
  inference_method: PhotoData.properties.inference_method,
  processing_time_ms: Type.Integer(),
};

const Totals = Type.Object({
  error_type: Type.Literal('success'),
  summary: Type.Object({
    total_count: Type.Integer(),
    success_count: Type.Integer(),
    failed_count: Type.Integer(),
    cached_count: Type.Integer(),
    llm_count: Type.Integer(),
    total_time_ms: Type.Integer(),
  }),
  ...Envelope,
});

const schema = {
  summary: 'Classify a batch of photos (client C)',
  description:
    'Answers with the keys of the whole taxonomy. With `Accept: application/x-ndjson`: a line as each photo is ' +
    'finished, with counters, `index` being its position among `images`; then a line with the summary (or a problem).',
  tags: ['v2'],
  consumes: ['multipart/form-data'],
  headers: RequestTimeout,
  body: Type.Object({
    lane: Lane,
    images: Type.Array(Type.String({ format: 'binary' })),
    image_metadata: Type.String({
      description: 'JSON: `{"items":[{index, image_uri, image_hash?}], …}`',
      examples: ['{"items":[{"index":0,"image_uri":"photo-1.jpg"}]}'],
    }),
  }),
  response: {
    200: {
      description: 'One result per part',
      content: {
        'application/json': {
          schema: Type.Object({
            ...Totals.properties,
            results: Type.Array(Type.Object({ index: Type.Integer(), image_uri: Type.String(), ...result })),
          }),
        },
        'application/x-ndjson': {
          schema: Type.Union([
            Type.Object({ index: Type.Integer(), filename: Type.String(), ...result, progress: Progress }),
            Totals,
            Problem,
          ]),
        },
      },
    },
    ...problems(400, 413, 503),
  },
};

export function v2BatchRoutes(app: FastifyInstance, parts: BatchRouteParts): void {
  const requests = openBatchRequests(parts);
  const options = { schema, validatorCompiler: () => () => true, onRequest: checkRequestTimeout };

  async function work(
    request: FastifyRequest,
    reply: FastifyReply,
    onItem?: (item: BatchItem, received: number) => void,
  ) {
    const batch = await requests.classify(request, reply, {
      onItem,
      identityIn: ({ image_metadata }) => identityOfRequest(request, userIdIn(image_metadata)),
      accept,
    });
    const { items } = metadataOf(batch.fields.image_metadata);
    await requests.claim(
      batch,
      items.map(({ image_hash }) => hashIn(image_hash)),
    );
    const totals = { error_type: 'success' as const, summary: summaryOf(batch), ...stamp(request.id) };
    return { batch, items, totals };
  }

  app.post('/api/v2/classify/batch', options, async (request, reply) => {
    if (wantsLines(request))
      return streamBatch(request, reply, parts, {
        work: (onItem) => work(request, reply, onItem).then(({ totals }) => totals),
        lineOf: (item) => ({
          index: item.index,
          filename: item.filename,
          ...resultOf(item, parts, languageOf(request)),
        }),
      });
    const { batch, items, totals } = await work(request, reply);
    return {
      ...totals,
      results: batch.items.map((item, position) => ({
        index: items[position]?.index ?? position,
        image_uri: items[position]?.image_uri ?? '',
        ...resultOf(item, parts, languageOf(request)),
      })),
    };
  });
}

/** @throws BadRequestError the metadata is missing, malformed, or of another number of photos */
function accept({ image_metadata }: FormFields, photos: number): void {
  const { items } = metadataOf(image_metadata);
  if (items.length !== photos)
    throw new BadRequestError(
      'counts_differ',
      text('`image_metadata` lists {items} items for {photos} `images` parts.', {
        items: items.length,
        photos,
      }),
    );
}

/** Undefined where the metadata is not of the documented form: the batch is refused, its photos are recorded. */
function userIdIn(value: unknown): string | null | undefined {
  const parsed = typeof value === 'string' ? parsedOrUndefined(value) : value;
  return Value.Check(Metadata, parsed) ? parsed.user_id : undefined;
}

/** @throws BadRequestError missing, or not of the documented form */
function metadataOf(value: unknown) {
  if (value === undefined)
    throw new BadRequestError('missing_part', 'The form must have a text part named `image_metadata`.');
  const parsed = typeof value === 'string' ? parsedOrUndefined(value) : value;
  if (!Value.Check(Metadata, parsed))
    throw new BadRequestError(
      'malformed_body',
      text('`image_metadata` must be JSON: {example}.', {
        example: '{"items":[{"index":0,"image_uri":"…","image_hash":"…"}]}',
      }),
    );
  return parsed;
}

function resultOf({ outcome, durationMs }: BatchItem, wording: Wording, language: Language) {
  const said =
    outcome instanceof AppError
      ? {
          error: inLanguage(language, outcome.text),
          error_code: outcome.code,
          inference_method: failedIn(outcome),
        }
      : photoData(outcome.answer, wording);
  return { ...said, processing_time_ms: durationMs };
}

/** Every result names a method, failed ones too: of those, where the photo got to. */
const failedIn = (error: AppError) => (error instanceof VisionError ? 'llm' : 'local');

function summaryOf({ items, durationMs }: Batch<FormFields>) {
  const answers = items.flatMap(({ outcome }) => (outcome instanceof AppError ? [] : [outcome.answer]));
  return {
    total_count: items.length,
    success_count: answers.length,
    failed_count: items.length - answers.length,
    cached_count: answers.filter(({ from }) => from !== 'model').length,
    llm_count: answers.filter(
      ({ from, classification }) => from === 'model' && classification.method === 'llm',
    ).length,
    total_time_ms: durationMs,
  };
}
