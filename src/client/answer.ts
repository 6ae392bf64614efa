import type { Api } from './api.ts';

type Line = Api['POST /api/v2/classify/batch']['line'];
type PhotoLine = Extract<Line, { filename: string }>;
type Cached = Api['POST /api/v2/classify/batch-check-cache']['answer']['results'][number];

/** What a photo shows. */
export interface PhotoAnswer {
  /** A key of the service's taxonomy. */
  readonly category: string;
  /** In (0, 1]. */
  readonly confidence: number;
  readonly description?: string;
  /** Things and scenes in the photo, where the service asks its LLM for them. */
  readonly tags?: readonly string[];
  /** The picture's prevailing colour, in one of ten Chinese words. */
  readonly backgroundColor?: string;
  readonly inferenceMethod: 'cache' | 'llm' | 'local';
  readonly model: string;
  /** A weaker method answered: the preferred one failed, or its answer follows. */
  readonly degraded: boolean;
  /** In the album lane. `pending`: a look-up finds a better answer later. `no_room`: send the photo again later. */
  readonly betterAnswer?: 'pending' | 'no_room';
}

/** Undefined for a miss, or for a line without an answer. */
export function answerOf(fields: Partial<PhotoLine> | Cached): PhotoAnswer | undefined {
  const { category, confidence, description, tags, background_color, inference_method } = fields;
  const { model = '', degraded = false, better_answer } = fields;
  if (typeof category !== 'string' || typeof confidence !== 'number' || inference_method === undefined)
    return undefined;
  return {
    category,
    confidence,
    ...(description !== undefined && { description }),
    ...(tags !== undefined && { tags }),
    ...(background_color !== undefined && { backgroundColor: background_color }),
    inferenceMethod: inference_method,
    model,
    degraded,
    ...(better_answer !== undefined && { betterAnswer: better_answer }),
  };
}
