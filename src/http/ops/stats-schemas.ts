import { Type } from 'typebox';
import { Envelope } from '../answer-schemas.ts';

const Count = Type.Integer({ minimum: 0 });
const Share = Type.Number({ minimum: 0, maximum: 1, description: '0 to 1' });
const Percent = Type.Number({ minimum: 0, maximum: 100, description: '0 to 100' });
const Money = Type.Number({ description: "Units of the first provider's currency" });
const Moment = Type.String({ format: 'date-time' });
const Day = Type.String({ format: 'date' });
const Ms = Type.Number({ description: 'Milliseconds' });
const Counts = (description: string) => Type.Record(Type.String(), Count, { description });

const Latency = Type.Object(
  { count: Count, mean: Ms, p50: Ms, p95: Ms, p99: Ms },
  { description: 'Percentiles are off by less than 11 %, and exact up to 10 ms; the mean is exact' },
);

const HitsByKind = Type.Object(
  { memory: Count, store: Count, claim: Count, flight: Count, near: Count },
  { description: 'Memory, store, a claimed hash, a call that was under way, a near duplicate' },
);

const photos = {
  requests: Count,
  lookups: Type.Integer({ description: 'Hashes asked for' }),
  lookup_hits: Count,
  lookup_misses: Count,
  photos: Type.Integer({ description: 'Uploads, and look-ups that hit' }),
  uploads: Count,
  hits: Type.Integer({ description: 'Photos answered without asking a model for them' }),
  misses: Type.Integer({ description: 'Photos that a model was asked for and answered' }),
  hit_rate: Type.Number({ description: 'Hits among answered photos, 0 to 1' }),
  llm: Count,
  local: Count,
  failed: Count,
  degraded: Count,
  degraded_share: Share,
};

const costs = {
  llm_calls: Type.Integer({ description: 'Calls sent, repeated and failed ones too' }),
  llm_calls_answered: Count,
  llm_cost: Money,
  llm_cost_saved: Type.Number({ description: 'What hits on answers of an LLM would have cost, on average' }),
  input_tokens: Count,
  output_tokens: Count,
  bytes_uploaded: Count,
  bytes_not_uploaded: Type.Integer({ description: 'Hits by hash alone, each as long as the average upload' }),
};

const Category = Type.Object({
  category: Type.String(),
  count: Count,
  percentage: Percent,
  avg_confidence: Share,
});

const agreement = { compared: Count, agreed: Count, share: Share };

export const Today = Type.Object({
  date: Day,
  time_zone: Type.String(),
  from: Moment,
  to: Type.String({ format: 'date-time', description: 'The first moment of the next day' }),
  ...photos,
  hits_by_kind: HitsByKind,
  unique_users: Type.Integer({ description: 'Distinct user ids' }),
  ...costs,
  errors: Counts('Failed photos by code'),
  categories: Type.Array(Category),
  agreement: Type.Object(agreement, { description: 'Photos that both models were asked for' }),
  latency_ms: Type.Record(Type.String(), Latency, { description: 'By what answered; cache: all hits' }),
  data: Type.Object(
    {
      total_requests: Count,
      cache_hits: Count,
      cache_misses: Count,
      cache_hit_rate: Percent,
      unique_users: Count,
      avg_processing_time: Ms,
      avg_processing_time_ms: Ms,
      estimated_cost: Money,
      cost_saved: Money,
    },
    { description: 'The same for older admin pages' },
  ),
  ...Envelope,
});

export const CacheEfficiency = Type.Object({
  total_cached_images: Type.Integer({
    minimum: 0,
    description: 'Beyond a few thousand an estimate from a sample, within 5 %',
  }),
  counted_at: Type.Optional(Moment),
  total_hits: Count,
  hits_by_kind: HitsByKind,
  misses: Count,
  hit_rate: Share,
  lookups: Count,
  lookup_hits: Count,
  lookup_misses: Count,
  times_saved: Type.Integer({ description: 'Hits that an LLM would have been asked for' }),
  cost_saved: Money,
  bytes_not_uploaded: Count,
  avg_hit_per_image: Type.Number(),
  max_hits: Type.Integer({ minimum: 0, description: 'Among the 10,000 results that were used last' }),
});

export const Categories = Type.Array(Category);

export const Methods = Type.Object({
  total_requests: Type.Integer({ description: 'Photos' }),
  from_cache: Count,
  llm_success: Count,
  local_direct: Count,
  local_fallback_success: Count,
  local_test: Count,
  local_total: Count,
  llm_fail_count: Type.Integer({ description: 'Photos that the preferred model did not answer' }),
  failed: Count,
  degraded: Count,
  degraded_share: Share,
  llm_calls: Counts('Calls by outcome'),
  fallbacks: Counts('Photos the preferred model did not answer, by reason'),
  agreement: Type.Object({
    ...agreement,
    by_category: Type.Record(Type.String(), Type.Object({ compared: Count, agreed: Count })),
  }),
  latency_ms: Type.Record(Type.String(), Latency),
});

const Interval = Type.Object(
  { share: Share, low: Share, high: Share },
  { description: 'A share of the sample, with its 95 % interval after Wilson' },
);

export const SavingOptions = Type.Object({
  compared: Type.Integer({
    description:
      'Photos that both models were asked for: SHADOW_PERCENT of all, and fewer while all processes decode',
  }),
  is_enough: Type.Boolean({ description: 'At least 100 of them' }),
  sure_share: Type.Number({ description: 'Of them, those of which the local model is sure, 0 to 1' }),
  agreement_when_sure: Interval,
  month: Type.Object(
    { calls_answered: Count, cost: Money, cost_of_sure_and_agreed: Money },
    { description: 'At the traffic of the last 24 hours' },
  ),
  local_first: Type.Object(
    { saves: Money, agreement: Interval },
    {
      description:
        'A month of STRATEGY=local-first; its agreement with the LLM, which answers the other photos itself',
    },
  ),
  album_lane: Type.Object(
    { batch_share: Share, saves: Money },
    {
      description:
        'A month in which all photos of batches wait for half the price; `batch_share` is their part of the cost. Photos that are sent to wait already are not in it',
    },
  ),
});

export const BatchCache = Type.Object({
  overall: Type.Object({
    total_queries: Count,
    total_hashes: Count,
    total_cached: Count,
    total_miss: Count,
    avg_batch_size: Type.Number(),
    hit_rate: Percent,
    hit_share: Share,
  }),
  daily: Type.Array(
    Type.Object({ date: Day, queries: Count, hashes: Count, cached: Count, miss: Count, hit_rate: Percent }),
  ),
});

export const BatchClassify = Type.Object({
  overall: Type.Object({
    total_batches: Count,
    total_images: Count,
    total_success: Count,
    total_fail: Count,
    success_rate: Percent,
    avg_batch_size: Type.Number(),
    avg_time_per_batch: Ms,
    avg_time_per_image: Ms,
    batch_ms: Type.Object({ p50: Ms, p95: Ms, p99: Ms }),
  }),
  daily: Type.Array(
    Type.Object({
      date: Day,
      batches: Count,
      images: Count,
      success: Count,
      fail: Count,
      success_rate: Percent,
      avg_time: Ms,
    }),
  ),
});

const User = Type.Object({
  user_id: Type.String(),
  request_count: Count,
  photos: Count,
  cache_hits: Count,
  cache_hit_rate: Percent,
  failed: Count,
  first_request: Moment,
  last_request: Moment,
});

export const TopUsers = Type.Object({
  success: Type.Literal(true),
  data: Type.Array(User),
  unique_users: Type.Integer({ description: 'Distinct user ids of those days' }),
  counted_at: Moment,
  ...Envelope,
});

export const Series = Type.Object({
  from: Moment,
  to: Moment,
  step: Type.Integer({ description: 'Seconds; longer than asked for where shorter sums are gone' }),
  points: Type.Array(
    Type.Object({
      at: Moment,
      ...photos,
      ...HitsByKind.properties,
      ...costs,
      p50_ms: Ms,
      p95_ms: Ms,
      p99_ms: Type.Number({ description: 'Of photos that a model answered' }),
    }),
  ),
});
