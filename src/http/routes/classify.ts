import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { BadRequestError } from '../../errors.ts';
import type { OpenPhotos } from '../../image/open-photos.ts';
import type { ReceivedUpload } from '../../image/upload/receive.ts';
import { text } from '../../messages/text.ts';
import {
  openPhotoClassifier,
  type PhotoClassifierParts,
  type PhotoResult,
} from '../../photos/classify-photo.ts';
import { hashIn } from '../../photos/content-hash.ts';
import type { Recorder } from '../../stats/recorder.ts';
import { callerOf } from '../access/caller.ts';
import { Envelope, PhotoData, problems, stamp, v1PhotoData, type Wording } from '../answer-schemas.ts';
import { type OpsRule, recheckAsked } from '../ops/access.ts';
import { type PhotoFormParts, readPhotoForm } from '../upload/photo-form.ts';
import { checkRequestTimeout, RequestTimeout } from '../upload/request-timeout.ts';
import { checkRoom } from '../upload/room-check.ts';

export interface PhotoRequestParts extends PhotoClassifierParts, PhotoFormParts {
  readonly photos: OpenPhotos;
  readonly recorder: Pick<Recorder, 'answered' | 'failed' | 'request'>;
  readonly limits: PhotoFormParts['limits'] & { readonly singleMs: number };
  readonly opsRule: OpsRule;
}

/** Room for part headers and text parts around one photo. */
const formOverheadBytes = 2_000_000;

const schema = {
  summary: 'Classify one photo',
  tags: ['classify'],
  consumes: ['multipart/form-data'],
  headers: RequestTimeout,
  body: Type.Object({
    image: Type.String({ format: 'binary' }),
    image_hash: Type.Optional(
      Type.String({ description: 'SHA-256 of the original file, before re-encoding', examples: [''] }),
    ),
  }),
  response: {
    200: Type.Object({
      success: Type.Literal(true),
      data: PhotoData,
      from_cache: Type.Boolean(),
      processing_time_ms: Type.Integer(),
      ...Envelope,
    }),
    ...problems(400, 413, 415, 422, 503, 504),
  },
};

/** Reads the form of a single photo, answers it, and counts the request. */
export function openPhotoRequests(parts: PhotoRequestParts) {
  const { limits, recorder } = parts;
  const classifier = openPhotoClassifier(parts);
  const recheck = recheckAsked(parts.opsRule);

  return async function classify(request: FastifyRequest, reply: FastifyReply): Promise<PhotoResult> {
    const isRecheck = recheck(request);
    const caller = callerOf(request, reply, { lane: 'single', deadlineMs: limits.singleMs, isRecheck });
    let failed = 1;
    const recordRejection = (error: unknown) =>
      classifier.recordFailure(error, caller, { durationMs: Math.round(reply.elapsedTime) });
    try {
      await checkRoom(parts.photos, caller.context, recordRejection);
      const { upload, claimed } = await readOnePhoto(request, parts, caller.context.signal, (error) =>
        classifier.recordFailure(error, caller, { durationMs: 0 }),
      );
      const result = await classifier.classify(upload, caller, claimed);
      failed = 0;
      return result;
    } finally {
      const durationMs = Math.round(reply.elapsedTime);
      const counts = { lookups: 0, lookupHits: 0, uploads: 1, failed };
      recorder.request(caller, { route: 'classify', ...counts, durationMs });
    }
  };
}

export function classifyRoutes(app: FastifyInstance, parts: PhotoRequestParts & Wording): void {
  const classify = openPhotoRequests(parts);

  async function handle(request: FastifyRequest, reply: FastifyReply) {
    const { answer, durationMs } = await classify(request, reply);
    return {
      success: true as const,
      data: v1PhotoData(answer, parts),
      from_cache: answer.from !== 'model',
      processing_time_ms: durationMs,
      ...stamp(request.id),
    };
  }

  // The form is read by the handler, so there is no body to validate.
  const options = { schema, validatorCompiler: () => () => true, onRequest: checkRequestTimeout };
  app.withTypeProvider<TypeBoxTypeProvider>().post('/api/v1/classify', options, handle);
  app.post('/classify', { ...options, schema: { ...schema, hide: true } }, handle);
}

interface OnePhoto {
  readonly upload: ReceivedUpload;
  readonly claimed: string | undefined;
}

/** @throws AppError a part that is too large is the whole request's error here */
export async function readOnePhoto(
  request: FastifyRequest,
  parts: PhotoFormParts,
  disconnect: AbortSignal,
  onTooLarge: (error: Error) => void = () => {},
): Promise<OnePhoto> {
  const maxBytes = parts.limits.fileBytes + formOverheadBytes;
  const options = { photoField: 'image', maxPhotos: 1, maxBytes } as const;
  let received: ReceivedUpload | undefined;
  try {
    const fields = await readPhotoForm(request, parts, options, disconnect, (part) => {
      if (part.received instanceof Error) {
        onTooLarge(part.received);
        throw part.received;
      }
      received = part.received;
    });
    const claimed = claimedHash(fields.image_hash);
    if (!received) throw new BadRequestError('missing_part', 'The form has no photo.');
    return { upload: received, claimed };
  } catch (error) {
    received?.release();
    throw error;
  }
}

/** @throws BadRequestError not empty and no hash */
export function claimedHash(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const hash = hashIn(value);
  if (hash !== undefined) return hash;
  throw new BadRequestError(
    'invalid_hash',
    text('{place} must be a SHA-256 as 64 hexadecimal digits.', { place: '`image_hash`' }),
  );
}
