import { type Static, Type } from 'typebox';
import type { Answer } from '../classify/classifier.ts';
import { colourNames, colourWord } from '../classify/colours.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { hashPattern } from '../photos/content-hash.ts';

export const Hash = Type.String({
  pattern: hashPattern,
  description: 'SHA-256 of the original file, 64 hexadecimal digits',
  // Of docs/samples/cat.jpg.
  examples: ['07c5a883d3ac0679d979dd166565360e82ecdfcfb2eb959f8b3df24681bbbc24'],
});

/** In a list, where a malformed one is a miss and claims nothing. */
export const ListedHash = Type.String({
  description: 'SHA-256 of the original file, 64 hexadecimal digits; anything else is a miss',
});

export const UserId = Type.Union([Type.String(), Type.Null()], {
  description: 'Used where the X-User-ID header is absent or empty',
  examples: ['5f0c7f9e-3d5b-4c0e-9f6a-2b1d8c7e4a10'],
});

export const Repeated = Type.Optional(
  Type.Boolean({
    description:
      'Of a caller that looks up again and again until better answers are there: statistics count none of these photos again',
  }),
);

/** On every answer. */
export const Envelope = {
  request_id: Type.String({
    description: 'req_<unix seconds>_<12 hex>, also sent as X-Request-ID',
    examples: ['req_1795745645_f86a2797e4a5'],
  }),
  timestamp: Type.String({ format: 'date-time' }),
};

const classification = {
  category: Type.String({ description: 'A key of the taxonomy', examples: ['pets'] }),
  confidence: Type.Number({ exclusiveMinimum: 0, maximum: 1, examples: [0.9859] }),
  description: Type.Optional(
    Type.String({ description: 'What a vision LLM says of the photo, else the category in words' }),
  ),
  tags: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them',
    }),
  ),
  background_color: Type.Optional(
    Type.String({
      enum: Object.values(colourNames).map(({ zh }) => zh),
      description: "The picture's prevailing colour; absent where it is unknown",
    }),
  ),
};

const provenance = {
  inference_method: Type.Union([Type.Literal('cache'), Type.Literal('llm'), Type.Literal('local')]),
  model: Type.String({ description: 'Which model answered', examples: ['album9@1.1.0'] }),
  degraded: Type.Boolean({
    description:
      'A weaker method answered: the preferred one failed, or its answer follows (`better_answer`)',
  }),
  better_answer: Type.Optional(
    Type.Union([Type.Literal('pending'), Type.Literal('no_room')], {
      description:
        'In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later',
    }),
  ),
};

export const PhotoData = Type.Object({ ...classification, ...provenance });
export type PhotoData = Static<typeof PhotoData>;

export const Problem = Type.Object(
  {
    type: Type.String({ examples: ['urn:album-classifier:problem:overloaded'] }),
    title: Type.String({ examples: ['Service Unavailable'] }),
    status: Type.Integer({ examples: [503] }),
    detail: Type.String({
      description: 'One sentence a person can act on',
      examples: ['Too many photos wait; try again later.'],
    }),
    code: Type.String({ description: 'Stable, snake case', examples: ['overloaded'] }),
    request_id: Type.String({ examples: ['req_1795745645_f86a2797e4a5'] }),
  },
  { description: 'RFC 9457 problem details' },
);

/** The problems that a route may answer with, for its OpenAPI page. */
export function problems(...statuses: readonly number[]) {
  const content = { 'application/problem+json': { schema: Problem } };
  return Object.fromEntries(statuses.map((status) => [status, { description: 'Problem', content }]));
}

export function stamp(requestId: string) {
  return { request_id: requestId, timestamp: new Date().toISOString() };
}

type Shown = Pick<Answer, 'classification' | 'from' | 'degraded' | 'better'>;

/** What the words of an answer come from. */
export interface Wording {
  readonly taxonomy: Taxonomy;
  /** Of descriptions; `none` leaves them out. */
  readonly descriptionLanguage: 'zh' | 'en' | 'none';
}

/** What client C reads: every key of the taxonomy. */
export function photoData(
  { classification: said, from, degraded, better }: Shown,
  { taxonomy, descriptionLanguage: language }: Wording,
): PhotoData {
  const description =
    said.description ?? (language === 'none' ? undefined : taxonomy.describe(said.category, language));
  const colour = colourWord(said.colour);
  return {
    category: said.category,
    confidence: rounded(said.confidence),
    ...(description !== undefined && { description }),
    ...(said.tags !== undefined && { tags: [...said.tags] }),
    ...(colour !== undefined && { background_color: colour }),
    inference_method: from === 'model' ? said.method : 'cache',
    model: said.model,
    degraded,
    ...(better !== undefined && { better_answer: better }),
  };
}

/** The answer for clients A and B: a key that they don't know becomes another, with both probabilities added. */
export function v1PhotoData(shown: Shown, wording: Wording): PhotoData {
  const { taxonomy } = wording;
  const data = photoData(shown, wording);
  const category = taxonomy.v1Key(data.category);
  if (category === data.category) return data;
  return {
    ...data,
    category,
    confidence: rounded(data.confidence + probabilityOf(category, shown, taxonomy)),
  };
}

function probabilityOf(category: string, { classification }: Shown, taxonomy: Taxonomy): number {
  return Object.entries(classification.scores ?? {})
    .filter(([label]) => taxonomy.categoryOfLabel(label) === category)
    .reduce((sum, [, probability]) => sum + probability, 0);
}

/** Four decimals, and still in (0, 1]. */
export function rounded(confidence: number): number {
  return Math.min(1, Math.max(0.0001, Math.round(confidence * 10_000) / 10_000));
}
