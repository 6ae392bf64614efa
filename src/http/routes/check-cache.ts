import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { type HashLookupParts, openHashLookup } from '../../photos/look-up-hashes.ts';
import { lookupCaller } from '../access/caller.ts';
import {
  Envelope,
  Hash,
  ListedHash,
  PhotoData,
  problems,
  Repeated,
  stamp,
  UserId,
  v1PhotoData,
  type Wording,
} from '../answer-schemas.ts';

export interface CheckCacheParts extends HashLookupParts, Wording {
  readonly limits: { readonly singleMs: number };
}

const Data = Type.Union([PhotoData, Type.Null()]);

export function checkCacheRoutes(plain: FastifyInstance, parts: CheckCacheParts): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const lookup = openHashLookup(parts);
  const { singleMs: deadlineMs } = parts.limits;

  const checkCache = {
    summary: 'Ask for one photo by hash, before uploading it',
    tags: ['cache'],
    body: Type.Object({ image_hash: Hash, user_id: Type.Optional(UserId) }),
    response: {
      200: Type.Object({
        success: Type.Literal(true),
        cached: Type.Boolean(),
        data: Data,
        from_cache: Type.Boolean(),
        ...Envelope,
      }),
      ...problems(400, 503),
    },
  };
  app.post('/api/v1/classify/check-cache', { schema: checkCache }, async (request, reply) => {
    const { image_hash, user_id } = request.body;
    const caller = lookupCaller(request, reply, { deadlineMs, userId: user_id });
    const [found] = await lookup.lookUp([image_hash], 'check-cache', caller);
    return {
      success: true as const,
      cached: found !== undefined,
      data: found ? v1PhotoData(found, parts) : null,
      from_cache: found !== undefined,
      ...stamp(request.id),
    };
  });

  const batchCheckCache = {
    summary: 'Ask for many photos by hash',
    tags: ['cache'],
    body: Type.Object({
      image_hashes: Type.Array(ListedHash, { minItems: 1, maxItems: 100 }),
      user_id: Type.Optional(UserId),
      repeated: Repeated,
    }),
    response: {
      200: Type.Object({
        success: Type.Literal(true),
        total: Type.Integer(),
        cached_count: Type.Integer(),
        items: Type.Array(Type.Object({ image_hash: Type.String(), cached: Type.Boolean(), data: Data })),
        ...Envelope,
      }),
      ...problems(400, 503),
    },
  };
  app.post('/api/v1/classify/batch-check-cache', { schema: batchCheckCache }, async (request, reply) => {
    const { image_hashes, user_id, repeated } = request.body;
    const found = await lookup.lookUp(
      image_hashes,
      'batch-check-cache',
      lookupCaller(request, reply, { deadlineMs, userId: user_id }),
      { isRepeated: repeated },
    );
    return {
      success: true as const,
      total: found.length,
      cached_count: found.filter((one) => one !== undefined).length,
      items: image_hashes.map((image_hash, index) => {
        const one = found[index];
        return { image_hash, cached: one !== undefined, data: one ? v1PhotoData(one, parts) : null };
      }),
      ...stamp(request.id),
    };
  });
}
