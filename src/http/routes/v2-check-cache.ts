import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { openHashLookup } from '../../photos/look-up-hashes.ts';
import { lookupCaller } from '../access/caller.ts';
import {
  Envelope,
  ListedHash,
  PhotoData,
  photoData,
  problems,
  Repeated,
  stamp,
  UserId,
} from '../answer-schemas.ts';
import type { CheckCacheParts } from './check-cache.ts';

export interface V2CheckCacheParts extends CheckCacheParts {
  photosAtOnce(): number;
}

export function v2CheckCacheRoutes(plain: FastifyInstance, parts: V2CheckCacheParts): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const lookup = openHashLookup(parts);
  const { singleMs: deadlineMs } = parts.limits;

  const v2BatchCheckCache = {
    summary: 'Ask for many photos by hash (client C)',
    tags: ['v2'],
    body: Type.Object({
      items: Type.Array(
        Type.Object({
          index: Type.Integer(),
          image_hash: Type.Optional(Type.Union([ListedHash, Type.Null()])),
          image_uri: Type.String(),
        }),
        { minItems: 1, maxItems: 200 },
      ),
      user_id: Type.Optional(UserId),
      repeated: Repeated,
      prompt: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Ignored' })),
    }),
    response: {
      200: Type.Object({
        error_type: Type.Literal('success'),
        results: Type.Array(
          Type.Object({
            index: Type.Integer(),
            image_uri: Type.String(),
            image_hash: Type.Optional(Type.String()),
            cached: Type.Boolean(),
            ...Type.Partial(PhotoData).properties,
          }),
        ),
        summary: Type.Object({
          total: Type.Integer(),
          cached_count: Type.Integer(),
          miss_count: Type.Integer(),
        }),
        at_once: Type.Integer({
          description: 'Photos that are processed at once, at present: upload that many',
        }),
        ...Envelope,
      }),
      ...problems(400, 503),
    },
  };
  app.post('/api/v2/classify/batch-check-cache', { schema: v2BatchCheckCache }, async (request, reply) => {
    const { items, user_id, repeated } = request.body;
    const hashes = items.map((item) => item.image_hash ?? '');
    const found = await lookup.lookUp(
      hashes,
      'batch-check-cache',
      lookupCaller(request, reply, { deadlineMs, userId: user_id }),
      { isRepeated: repeated },
    );
    const cachedCount = found.filter((one) => one !== undefined).length;
    return {
      error_type: 'success' as const,
      results: items.map(({ index, image_uri, image_hash }, position) => {
        const one = found[position];
        const said = { cached: one !== undefined, ...(one && photoData(one, parts)) };
        return { index, image_uri, ...(image_hash != null && { image_hash }), ...said };
      }),
      summary: { total: items.length, cached_count: cachedCount, miss_count: items.length - cachedCount },
      at_once: parts.photosAtOnce(),
      ...stamp(request.id),
    };
  });
}
