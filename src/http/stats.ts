import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Envelope, problems, stamp } from './answer-schemas.ts';
import type { HttpDependencies } from './dependencies.ts';
import { opsAccess } from './ops-access.ts';

const Count = Type.Integer({ minimum: 0 });
const Latency = Type.Object({ count: Count, p50: Type.Number(), p95: Type.Number() });

const Today = Type.Object({
  date: Type.String({ format: 'date' }),
  time_zone: Type.String(),
  from: Type.String({ format: 'date-time' }),
  to: Type.String({ format: 'date-time', description: 'The first moment of the next day' }),
  requests: Count,
  lookups: Count,
  lookup_hits: Count,
  lookup_misses: Count,
  photos: Type.Integer({ description: 'Uploads, and look-ups that hit' }),
  hits: Type.Integer({ description: 'Photos answered without asking a model for them' }),
  hits_by_kind: Type.Object({ memory: Count, store: Count, claim: Count, flight: Count }),
  misses: Type.Integer({ description: 'Photos that a model was asked for and answered' }),
  hit_rate: Type.Number({ description: 'Hits among answered photos, 0 to 1' }),
  llm: Count,
  local: Count,
  failed: Count,
  degraded: Count,
  unique_users: Count,
  latency_ms: Type.Record(Type.String(), Latency, { description: 'By what answered' }),
  llm_cost: Type.Number({ description: 'What LLM calls have cost today, in units of the price table' }),
  ...Envelope,
});

export function statsRoutes(app: FastifyInstance, { opsToken, today }: HttpDependencies): void {
  const schema = {
    summary: 'What happened since midnight',
    tags: ['stats'],
    security: [{ opsToken: [] }],
    response: { 200: Today, ...problems(401, 403, 503) },
  };
  app.get('/api/v1/stats/today', { schema, onRequest: opsAccess(opsToken) }, async (request) => ({
    ...(await today()),
    ...stamp(request.id),
  }));
}
