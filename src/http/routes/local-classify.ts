import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Classifier } from '../../classify/classifier.ts';
import { UnavailableError } from '../../errors.ts';
import type { OpenPhotos } from '../../image/open-photos.ts';
import type { Recorder } from '../../stats/recorder.ts';
import { callerOf } from '../access/caller.ts';
import { Envelope, PhotoData, problems, stamp, v1PhotoData, type Wording } from '../answer-schemas.ts';
import type { PhotoFormParts } from '../upload/photo-form.ts';
import { checkRequestTimeout, RequestTimeout } from '../upload/request-timeout.ts';
import { readOnePhoto } from './classify.ts';

const schema = {
  summary: 'Classify one photo by the local model alone; nothing is stored',
  tags: ['classify'],
  consumes: ['multipart/form-data'],
  headers: RequestTimeout,
  body: Type.Object({ image: Type.String({ format: 'binary' }) }),
  response: {
    200: Type.Object({
      success: Type.Literal(true),
      data: Type.Object({
        ...PhotoData.properties,
        scores: Type.Record(Type.String(), Type.Number(), {
          description: "The model's probability of each of its own labels",
        }),
      }),
      from_cache: Type.Literal(false),
      processing_time_ms: Type.Integer(),
      ...Envelope,
    }),
    ...problems(400, 413, 415, 422, 503, 504),
  },
};

export interface LocalClassifyParts extends PhotoFormParts, Wording {
  /** The local model alone; absent where none is loaded. */
  readonly local: Classifier | undefined;
  readonly photos: OpenPhotos;
  readonly recorder: Pick<Recorder, 'tallies'>;
  readonly limits: PhotoFormParts['limits'] & { readonly singleMs: number };
}

export function localClassifyRoutes(app: FastifyInstance, parts: LocalClassifyParts): void {
  const { local, limits, photos, recorder } = parts;
  const options = { schema, validatorCompiler: () => () => true, onRequest: checkRequestTimeout };
  app.post('/api/v1/local-classify', options, async (request, reply) => {
    if (!local) throw new UnavailableError('no_classifier', 'No local model is loaded here.', 3600);
    const { context } = callerOf(request, reply, { lane: 'single', deadlineMs: limits.singleMs });
    const { upload } = await readOnePhoto(request, parts, context.signal);
    const startedMs = performance.now();
    const photo = photos.open(upload);
    try {
      const answer = await local.classify(photo, context);
      recorder.tallies([{ topic: 'test', name: 'local' }]);
      return {
        success: true as const,
        data: { ...v1PhotoData(answer, parts), scores: answer.classification.scores ?? {} },
        from_cache: false as const,
        processing_time_ms: Math.round(performance.now() - startedMs),
        ...stamp(request.id),
      };
    } finally {
      photo.close();
    }
  });
}
