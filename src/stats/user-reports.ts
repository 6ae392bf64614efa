import type { ReportStore, UserSum } from '../store/report-store.ts';
import { percent } from './figures.ts';
import type { DaySpan } from './span.ts';

/** Up to so many days a report is made when it is asked for; of more, it is kept for a while. */
const daysAtOnce = 7;
const keptMs = 600_000;
const mostUsers = 100;

export interface TopUsers {
  readonly users: readonly ReturnType<typeof userFigures>[];
  /** Unix milliseconds. */
  readonly at: number;
}

/** Those who sent the most requests, of those who gave a user id. */
export async function reportTopUsers(
  reports: ReportStore,
  { from, to }: DaySpan,
  { days, limit, now }: { days: number; limit: number; now: number },
): Promise<TopUsers> {
  if (days <= daysAtOnce)
    return { users: (await reports.topUsers(from, to, limit)).map(userFigures), at: now };
  const name = `top-users-${days}`;
  const last = await reports.findSnapshot(name);
  if (last && now - last.at < keptMs)
    return { users: (JSON.parse(last.body) as TopUsers['users']).slice(0, limit), at: last.at };
  const users = (await reports.topUsers(from, to, mostUsers)).map(userFigures);
  await reports.saveSnapshot(name, { body: JSON.stringify(users), at: now });
  return { users: users.slice(0, limit), at: now };
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
