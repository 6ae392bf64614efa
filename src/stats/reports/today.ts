import type { ReportStore } from '../../store/reports/report-store.ts';
import { type Day, dayOf } from '../day.ts';
import { latencyOf } from '../latency.ts';
import {
  agreementFigures,
  categoryFigures,
  costFigures,
  errorFigures,
  latencyFigures,
  percent,
  photoFigures,
  talliedOf,
} from './figures.ts';

export type TodayReport = Awaited<ReturnType<typeof reportToday>>;

/**
 * What happened since midnight: figures by our names, and under `data` those of them that older admin pages read,
 * by theirs (rates in percent).
 * @throws UnavailableError the store is down
 */
export async function reportToday(
  reports: ReportStore,
  { now, timeZone }: { now: number; timeZone: string },
) {
  const day = dayOf(now, timeZone);
  const span = { level: 'day', from: day.from, to: day.to, stepMs: 0 } as const;
  const [sums, durations, users] = await Promise.all([
    reports.sumTallies(span),
    reports.sumDurations(span, ['photo']),
    reports.countUsers(day.from, day.to),
  ]);
  const tallied = talliedOf(sums);
  const photos = photoFigures(tallied);
  const costs = costFigures(tallied);
  return {
    ...spanOf(day),
    ...photos,
    unique_users: users,
    ...costs,
    errors: errorFigures(tallied),
    categories: categoryFigures(tallied),
    agreement: agreementFigures(tallied),
    latency_ms: latencyFigures(durations),
    data: {
      total_requests: photos.photos,
      cache_hits: photos.hits,
      cache_misses: photos.misses,
      cache_hit_rate: percent(photos.hits, photos.hits + photos.misses),
      unique_users: users,
      avg_processing_time: latencyOf(durations).mean,
      avg_processing_time_ms: latencyOf(durations).mean,
      estimated_cost: costs.llm_cost,
      cost_saved: costs.llm_cost_saved,
    },
  };
}

function spanOf(day: Day) {
  return {
    date: day.date,
    time_zone: day.timeZone,
    from: new Date(day.from).toISOString(),
    to: new Date(day.to).toISOString(),
  };
}
