import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { CacheOperations } from '../../cache/open-cache.ts';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import { BadRequestError, NotFoundError } from '../../errors.ts';
import { text } from '../../messages/text.ts';
import { identityOfRequest } from '../access/caller.ts';
import { Envelope, Hash, problems, stamp, UserId } from '../answer-schemas.ts';
import { type OpsRule, opsAccess } from '../ops/access.ts';

const Said = Type.Object({
  image_hash: Type.String(),
  category: Type.String(),
  answered: Type.Optional(Type.String({ description: 'The answer that the claimant had before' })),
  model: Type.Optional(Type.String()),
  claimant: Type.String({ description: 'Who said so, as a hash' }),
  at: Type.String({ format: 'date-time' }),
});

export interface FeedbackParts {
  readonly taxonomy: Taxonomy;
  readonly cacheOperations: Pick<CacheOperations, 'feedback'>;
}

export function feedbackRoutes(plain: FastifyInstance, { taxonomy, cacheOperations }: FeedbackParts): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  const give = {
    summary: 'Say which category is right',
    description: 'Recorded for operators; the caller alone is answered so from now on.',
    tags: ['cache'],
    body: Type.Object({
      image_hash: Hash,
      category: Type.String({ description: 'A key of the taxonomy', examples: ['pets'] }),
      user_id: Type.Optional(UserId),
    }),
    response: {
      200: Type.Object({
        success: Type.Literal(true),
        applied: Type.Boolean({ description: 'The photo is known: the next look-up answers so' }),
        ...Envelope,
      }),
      ...problems(400, 403, 404, 503),
    },
  };
  app.post('/api/v1/feedback', { schema: give }, async (request) => {
    const { image_hash, category, user_id } = request.body;
    if (!taxonomy.has(category))
      throw new BadRequestError(
        'invalid_request',
        text('`category` must be one of {categories}.', {
          categories: taxonomy.categories.map(({ key }) => key).join(', '),
        }),
      );
    const { claimant } = identityOfRequest(request, user_id);
    const given = await cacheOperations.feedback({ claimant, hash: image_hash.toLowerCase(), category });
    if (!given)
      throw new NotFoundError(
        'No photo with this `image_hash` is known to you; have it classified first, with the same user id.',
      );
    return { success: true as const, ...given, ...stamp(request.id) };
  });
}

export interface FeedbackListParts {
  readonly cacheOperations: Pick<CacheOperations, 'newestFeedback'>;
  readonly opsRule: OpsRule;
}

/** For operators. */
export function feedbackListRoutes(
  plain: FastifyInstance,
  { cacheOperations, opsRule }: FeedbackListParts,
): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const list = {
    summary: 'What clients said is right, the newest first',
    tags: ['stats'],
    security: [{ opsToken: [] }],
    response: { 200: Type.Object({ items: Type.Array(Said), ...Envelope }), ...problems(401, 403, 503) },
  };
  app.get('/api/v1/feedback', { schema: list, onRequest: opsAccess(opsRule) }, async (request) => ({
    items: (await cacheOperations.newestFeedback(100)).map(
      ({ hash, category, answered, model, claimant, at }) => ({
        image_hash: hash,
        category,
        ...(answered !== undefined && { answered }),
        ...(model !== undefined && { model }),
        claimant,
        at: new Date(at).toISOString(),
      }),
    ),
    ...stamp(request.id),
  }));
}
