import type { PhotoRecord, Store, Summary } from '../store/store.ts';
import { type Day, dayOf } from './day.ts';

/** The body of `GET /api/v1/stats/today`. */
export interface TodayReport {
  readonly date: string;
  readonly time_zone: string;
  /** ISO 8601; `to` is the first moment of the next day. */
  readonly from: string;
  readonly to: string;
  readonly requests: number;
  readonly lookups: number;
  readonly lookup_hits: number;
  readonly lookup_misses: number;
  /** Uploads, and look-ups that hit; failed ones included. */
  readonly photos: number;
  /** Photos answered without asking a model for them. */
  readonly hits: number;
  readonly hits_by_kind: Readonly<Record<HitKind, number>>;
  /** Photos that a model was asked for and answered. */
  readonly misses: number;
  /** Hits among answered photos, 0 to 1, four decimals; 0 where there were none. */
  readonly hit_rate: number;
  readonly llm: number;
  readonly local: number;
  readonly failed: number;
  /** Answered by a weaker method because the preferred one failed. */
  readonly degraded: number;
  /** Distinct user ids. */
  readonly unique_users: number;
  /** Milliseconds, exact (nearest rank), by what answered; absent where nothing did. */
  readonly latency_ms: Readonly<Partial<Record<PhotoRecord['outcome'], LatencyReport>>>;
}

export interface LatencyReport {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
}

const hitKinds = ['memory', 'store', 'claim', 'flight'] as const;
type HitKind = (typeof hitKinds)[number];

/** @throws UnavailableError the store is down */
export async function reportToday(
  store: Pick<Store, 'summarise'>,
  { now, timeZone }: { now: number; timeZone: string },
): Promise<TodayReport> {
  const day = dayOf(now, timeZone);
  return todayReport(day, await store.summarise(day.from, day.to));
}

export function todayReport(day: Day, summary: Summary): TodayReport {
  const { photosByOutcome: by } = summary;
  const hits = hitKinds.reduce((sum, kind) => sum + by[kind], 0);
  const misses = by.llm + by.local;
  const latencies = Object.entries(summary.latencyByOutcome).map(([outcome, { count, p50Ms, p95Ms }]) => [
    outcome,
    { count, p50: p50Ms, p95: p95Ms },
  ]);
  return {
    date: day.date,
    time_zone: day.timeZone,
    from: new Date(day.from).toISOString(),
    to: new Date(day.to).toISOString(),
    requests: summary.requests,
    lookups: summary.lookups,
    lookup_hits: summary.lookupHits,
    lookup_misses: summary.lookups - summary.lookupHits,
    photos: summary.photos,
    hits,
    hits_by_kind: { memory: by.memory, store: by.store, claim: by.claim, flight: by.flight },
    misses,
    hit_rate: hits + misses === 0 ? 0 : Math.round((hits / (hits + misses)) * 10_000) / 10_000,
    llm: by.llm,
    local: by.local,
    failed: by.failed,
    degraded: summary.degraded,
    unique_users: summary.uniqueUsers,
    latency_ms: Object.fromEntries(latencies),
  };
}
