import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { colourNames } from '../../classify/colours.ts';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import { Envelope, stamp } from '../answer-schemas.ts';

const names = {
  zh: Type.String({ description: 'Its name in Chinese' }),
  en: Type.String({ description: 'Its name in English' }),
};

export function categoryRoutes(plain: FastifyInstance, { taxonomy }: { taxonomy: Taxonomy }): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const schema = {
    summary: 'The categories and colours there are',
    tags: ['classify'],
    response: {
      200: Type.Object(
        {
          version: Type.String({ description: 'Of the taxonomy' }),
          categories: Type.Array(
            Type.Object({
              key: Type.String({ description: 'What answers say as `category`' }),
              ...names,
              definition: Type.String({ description: 'What belongs to it' }),
              v1: Type.Optional(Type.String({ description: 'What `/api/v1` says in its place' })),
            }),
          ),
          colours: Type.Array(Type.Object(names), {
            description: '`zh` is what answers say as `background_color`',
          }),
          ...Envelope,
        },
        {
          examples: [
            {
              version: '2026-11',
              categories: [
                { key: 'foods', zh: '美食记录', en: 'Food', definition: 'dishes, drinks, meals, cooking' },
              ],
              colours: [{ zh: '红色', en: 'Red' }],
              request_id: 'req_1790000000_3fa9c1d20b7e',
              timestamp: '2026-09-21T14:13:20.000Z',
            },
          ],
        },
      ),
    },
  };
  const categories = taxonomy.categories.map(({ key, zh, en, definition, v1 }) => ({
    ...{ key, zh, en, definition },
    ...(v1 !== undefined && { v1 }),
  }));
  const colours = Object.values(colourNames);
  app.get('/api/v1/categories', { schema }, async (request) => ({
    version: taxonomy.version,
    categories,
    colours,
    ...stamp(request.id),
  }));
}
