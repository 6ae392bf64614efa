import type { ReportStore, UserSum } from '../store/report-store.ts';
import { percent } from './figures.ts';
import type { DaySpan } from './span.ts';

/** Those who sent the most requests, of those who gave a user id. */
export async function reportTopUsers(reports: ReportStore, span: DaySpan, limit: number) {
  const users = await reports.topUsers(span.from, span.to, limit);
  return users.map(userFigures);
}

function userFigures({ userId, requests, photos, hits, failed, firstAt, lastAt }: UserSum) {
  return {
    user_id: userId,
    request_count: requests,
    photos,
    cache_hits: hits,
    cache_hit_rate: percent(hits, photos - failed),
    failed,
    first_request: new Date(firstAt).toISOString(),
    last_request: new Date(lastAt).toISOString(),
  };
}
