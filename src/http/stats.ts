import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { TodayReport } from '../stats/today.ts';
import { Envelope, problems, stamp } from './answer-schemas.ts';
import type { HttpDependencies } from './dependencies.ts';
import { opsAccess } from './ops-access.ts';

export function statsRoutes(app: FastifyInstance, { opsToken, today }: HttpDependencies): void {
  const schema = {
    summary: 'What happened since midnight',
    tags: ['stats'],
    security: [{ opsToken: [] }],
    response: { 200: Type.Object({ ...TodayReport.properties, ...Envelope }), ...problems(401, 403, 503) },
  };
  app.get('/api/v1/stats/today', { schema, onRequest: opsAccess(opsToken) }, async (request) => ({
    ...(await today()),
    ...stamp(request.id),
  }));
}
