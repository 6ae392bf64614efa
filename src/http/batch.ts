import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { AppError, BadRequestError } from '../errors.ts';
import { Envelope, hashPattern, PhotoData, problems, stamp, v1PhotoData } from './answer-schemas.ts';
import { type Batch, type BatchItem, openBatchDesk } from './batch-desk.ts';
import type { HttpDependencies } from './dependencies.ts';
import { knownError, problemOf } from './problem.ts';

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

const schema = {
  summary: 'Classify a batch of photos',
  description:
    'One item per part, in upload order; 200 even when some or all fail. With `Accept: application/x-ndjson`: one ' +
    'item a line as each photo is finished, then a line with the totals (or a problem, where the form breaks off).',
  tags: ['classify'],
  consumes: ['multipart/form-data'],
  produces: ['application/json', 'application/x-ndjson'],
  body: Type.Object({
    images: Type.Array(Type.String({ format: 'binary' })),
    image_hashes: Type.Optional(
      Type.String({ description: 'JSON list as text; used only where it is as long as `images`' }),
    ),
  }),
  response: {
    200: Type.Object({
      ...summary,
      items: Type.Array(Item),
      total_processing_time_ms: Type.Integer(),
      ...Envelope,
    }),
    ...problems(400, 413, 503),
  },
};

export function batchRoutes(app: FastifyInstance, dependencies: HttpDependencies): void {
  const { taxonomy, log } = dependencies;
  const desk = openBatchDesk(dependencies);

  async function work(request: FastifyRequest, reply: FastifyReply, onItem?: (item: BatchItem) => void) {
    const batch = await desk.work(request, reply, onItem);
    const hashes = claimedHashes(batch.fields.image_hashes);
    if (hashes.length === batch.items.length) await desk.claim(batch, batch.caller.sender, hashes);
    return { ...totalsOf(batch), total_processing_time_ms: batch.durationMs, ...stamp(request.id), batch };
  }

  async function stream(request: FastifyRequest, reply: FastifyReply) {
    const lines = new PassThrough();
    const write = (line: unknown) => lines.writable && lines.write(`${JSON.stringify(line)}\n`);
    reply.type('application/x-ndjson');
    const finished = work(request, reply, (item) => write(itemOf(item, taxonomy)))
      .then(({ batch: _, ...totals }) => write(totals))
      .catch((error) => {
        const known = knownError(error);
        if (!known) log.error({ err: error, requestId: request.id }, 'a streamed batch failed unexpectedly');
        write(known ? problemOf(known, request.id) : { status: 500, code: 'internal_error' });
      });
    void finished.then(() => lines.end());
    return reply.send(lines);
  }

  const options = { schema, validatorCompiler: () => () => true };
  app.post('/api/v1/classify/batch', options, async (request, reply) => {
    if (request.headers.accept?.includes('application/x-ndjson')) return stream(request, reply);
    const { batch, ...totals } = await work(request, reply);
    return { ...totals, items: batch.items.map((item) => itemOf(item, taxonomy)) };
  });
}

function totalsOf({ items }: Batch) {
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
  taxonomy: Taxonomy,
): Static<typeof Item> {
  const base = { index, filename, processing_time_ms: durationMs };
  if (outcome instanceof AppError)
    return { ...base, success: false, error: outcome.message, error_code: outcome.code, from_cache: false };
  const { answer } = outcome;
  return { ...base, success: true, data: v1PhotoData(answer, taxonomy), from_cache: answer.from !== 'model' };
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
  const pattern = new RegExp(hashPattern);
  return list.map((entry) => (typeof entry === 'string' && pattern.test(entry) ? entry : undefined));
}

export function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
