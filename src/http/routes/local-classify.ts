import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { UnavailableError } from '../../errors.ts';
import { callerOf } from '../access/caller.ts';
import { Envelope, PhotoData, problems, stamp, v1PhotoData } from '../answer-schemas.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { AskedTime, checkAskedTime } from '../upload/request-timeout.ts';
import { readOnePhoto } from './classify.ts';

const schema = {
  summary: 'Classify one photo by the local model alone; nothing is stored',
  tags: ['classify'],
  consumes: ['multipart/form-data'],
  headers: AskedTime,
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

export function localClassifyRoutes(app: FastifyInstance, dependencies: HttpDependencies): void {
  const { local, limits, photos, recorder } = dependencies;
  const options = { schema, validatorCompiler: () => () => true, onRequest: checkAskedTime };
  app.post('/api/v1/local-classify', options, async (request, reply) => {
    if (!local) throw new UnavailableError('no_classifier', 'No local model is loaded here.', 3600);
    const { context } = callerOf(request, reply, { lane: 'single', deadlineMs: limits.singleMs });
    const { upload } = await readOnePhoto(request, dependencies, context.signal);
    const startedMs = performance.now();
    const photo = photos.open(upload);
    try {
      const answer = await local.classify(photo, context);
      recorder.tallies([{ topic: 'test', name: 'local' }]);
      return {
        success: true as const,
        data: { ...v1PhotoData(answer, dependencies), scores: answer.classification.scores ?? {} },
        from_cache: false as const,
        processing_time_ms: Math.round(performance.now() - startedMs),
        ...stamp(request.id),
      };
    } finally {
      photo.close();
    }
  });
}
