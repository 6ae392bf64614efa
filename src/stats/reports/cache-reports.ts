import type { ReportStore, TallySum } from '../../store/reports/report-store.ts';
import { hitKinds, money, percent, photoFigures, rounded, shareOf, talliedOf } from './figures.ts';
import { type DaySpan, dateNamer } from './span.ts';

/** What the last count of all results found; it is taken now and then, not for every report. */
export interface Census {
  readonly results: number;
  readonly maxHits: number;
  /** Unix milliseconds; undefined before the first count. */
  readonly at?: number;
}

/** How much the cache is worth: hits, what they saved, how good a photo's chances are. */
export async function reportCacheEfficiency(reports: ReportStore, span: DaySpan, census: Census) {
  const tallied = talliedOf(
    await reports.sumTallies({ ...span, stepMs: 0 }, ['upload', 'lookup', 'saved', 'degraded', 'asked']),
  );
  const photos = photoFigures(tallied);
  return {
    total_cached_images: census.results,
    ...(census.at !== undefined && { counted_at: new Date(census.at).toISOString() }),
    total_hits: photos.hits,
    hits_by_kind: photos.hits_by_kind,
    misses: photos.misses,
    hit_rate: photos.hit_rate,
    lookups: photos.lookups,
    lookup_hits: photos.lookup_hits,
    lookup_misses: photos.lookup_misses,
    times_saved: hitKinds.reduce((sum, kind) => sum + tallied.n('saved', kind), 0),
    cost_saved: money(tallied.amount('saved')),
    bytes_not_uploaded: tallied.amount('lookup'),
    avg_hit_per_image: census.results === 0 ? 0 : rounded(photos.hits / census.results, 2),
    max_hits: census.maxHits,
  };
}

/** Questions for many hashes at once, day by day. */
export async function reportBatchCache(reports: ReportStore, span: DaySpan, timeZone: string) {
  const sums = await reports.sumTallies({ ...span, stepMs: 1 }, ['route', 'asked']);
  const mine = sums.filter(({ name }) => name === 'batch-check-cache');
  const daily = byDay(mine).map(([at, day]) => {
    const { queries, hashes, cached } = questions(day);
    return {
      date: dateNamer(timeZone)(at),
      queries,
      hashes,
      cached,
      miss: hashes - cached,
      hit_rate: percent(cached, hashes),
    };
  });
  const { queries, hashes, cached } = questions(mine);
  return {
    overall: {
      total_queries: queries,
      total_hashes: hashes,
      total_cached: cached,
      total_miss: hashes - cached,
      avg_batch_size: queries === 0 ? 0 : rounded(hashes / queries, 2),
      hit_rate: percent(cached, hashes),
      hit_share: shareOf(cached, hashes),
    },
    daily,
  };
}

function questions(sums: readonly TallySum[]) {
  const tallied = talliedOf(sums);
  return { queries: tallied.n('route'), hashes: tallied.n('asked'), cached: tallied.amount('asked') };
}

/** The latest first. */
export function byDay<Sum extends { readonly at: number }>(sums: readonly Sum[]): [number, Sum[]][] {
  return [...Map.groupBy(sums, ({ at }) => at)].sort(([a], [b]) => b - a);
}
