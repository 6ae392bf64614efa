import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Forgettable } from '../../cache/forget.ts';
import type { CacheOperations } from '../../cache/open-cache.ts';
import { BadRequestError } from '../../errors.ts';
import { claimantsOfUser } from '../../stats/caller-identity.ts';
import type { ApiKeyStore } from '../../store/api-key-store.ts';
import { Envelope, Hash, problems, stamp } from '../answer-schemas.ts';
import { type OpsRule, opsAccess } from './access.ts';

const Count = Type.Integer({ minimum: 0 });
const Time = Type.String({ format: 'date-time' });

export interface CacheAdminParts {
  readonly cacheOperations: Pick<CacheOperations, 'counts' | 'forget'>;
  readonly apiKeys: Pick<ApiKeyStore, 'list'>;
  readonly opsRule: OpsRule;
}

/** For operators: what is stored, and forgetting it. */
export function cacheAdminRoutes(
  plain: FastifyInstance,
  { cacheOperations, apiKeys, opsRule }: CacheAdminParts,
): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const onRequest = opsAccess(opsRule);

  const counts = {
    summary: 'What the cache holds',
    tags: ['stats'],
    security: [{ opsToken: [] }],
    response: {
      200: Type.Object({
        results: Count,
        versions: Type.Array(
          Type.Object({ version: Type.String(), results: Count, oldest: Time, newest: Time }),
        ),
        claims: Count,
        feedback: Count,
        estimated: Type.Boolean({
          description:
            'Numbers beyond a few thousand are estimates from a sample, within 5 %; `oldest` and `newest` are those of the sample',
        }),
        ...Envelope,
      }),
      ...problems(401, 403, 503),
    },
  };
  app.get('/api/v1/stats/cache', { schema: counts, onRequest }, async (request) => {
    const { versions, results, claims, feedback, isEstimate } = await cacheOperations.counts();
    const iso = (at: number) => new Date(at).toISOString();
    return {
      results,
      versions: versions.map((one) => ({ ...one, oldest: iso(one.oldest), newest: iso(one.newest) })),
      claims,
      feedback,
      estimated: isEstimate,
      ...stamp(request.id),
    };
  });

  const forget = {
    summary: 'Forget a photo, a user, or all from before a time',
    description:
      'Deletes results, claims, feedback, fingerprints, records and what a vendor has refused, and says how many rows of each; other processes have it in memory for MEMORY_CACHE_TTL seconds at most. A user is forgotten in every app that has or had an API key, and without one.',
    tags: ['stats'],
    security: [{ opsToken: [] }],
    body: Type.Object(
      {
        image_hash: Type.Optional(Hash),
        user_id: Type.Optional(Type.String({ minLength: 1 })),
        before: Type.Optional(Time),
      },
      {
        additionalProperties: false,
        description: 'Exactly one of them',
        examples: [{ user_id: '5f0c7f9e-3d5b-4c0e-9f6a-2b1d8c7e4a10' }],
      },
    ),
    response: {
      200: Type.Object({
        success: Type.Literal(true),
        deleted: Type.Object({
          results: Count,
          claims: Count,
          feedback: Count,
          fingerprints: Count,
          photos: Count,
          requests: Count,
          days: Count,
          refusals: Count,
        }),
        ...Envelope,
      }),
      ...problems(400, 401, 403, 503),
    },
  };
  app.post('/api/v1/forget', { schema: forget, onRequest }, async (request) => ({
    success: true as const,
    deleted: await cacheOperations.forget(await forgettable(request.body, apiKeys)),
    ...stamp(request.id),
  }));
}

/** @throws BadRequestError not exactly one of them, or no time */
async function forgettable(
  body: { image_hash?: string; user_id?: string; before?: string },
  apiKeys: Pick<ApiKeyStore, 'list'>,
): Promise<Forgettable> {
  const { image_hash, user_id, before } = body;
  if ([image_hash, user_id, before].filter((one) => one !== undefined).length !== 1)
    throw new BadRequestError('invalid_request', 'Send exactly one of `image_hash`, `user_id` and `before`.');
  if (image_hash !== undefined) return { hash: image_hash.toLowerCase() };
  if (user_id !== undefined) {
    const apps = (await apiKeys.list()).map(({ name }) => name);
    return { claimants: claimantsOfUser(user_id.trim(), apps) };
  }
  const at = Date.parse(before ?? '');
  if (Number.isNaN(at))
    throw new BadRequestError('invalid_request', '`before` must be an ISO 8601 date, such as 2026-01-31.');
  return { before: at };
}
