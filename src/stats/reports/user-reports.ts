import { isRecent } from '../../resilience/recent.ts';
import type { ReportStore, UserSum } from '../../store/reports/report-store.ts';
import { percent } from './figures.ts';
import type { DaySpan } from './span.ts';

/** A report of up to this many days is made on request. A longer one is kept, because it reads all its days. */
const daysAtOnce = 7;
const keptMs = 600_000;
/** Renewed before a caller would have to wait for them. */
const renewedMs = 480_000;
const renewedDays = [30, 90];
const mostUsers = 100;

export interface UserReport {
  /** Distinct user ids. */
  readonly unique: number;
  /** The users with the most requests, of those with a user id. */
  readonly users: readonly ReturnType<typeof userFigures>[];
  /** Unix milliseconds. */
  readonly at: number;
}

export interface UserQuery {
  readonly span: DaySpan;
  readonly days: number;
  readonly now: number;
}

export async function reportUsers(
  reports: ReportStore,
  query: UserQuery & { readonly limit: number },
): Promise<UserReport> {
  const { days, limit } = query;
  if (days <= daysAtOnce) return countUsers(reports, query, limit);
  const report = await keptUsers(reports, query, keptMs);
  return { ...report, users: report.users.slice(0, limit) };
}

/** Renews the reports of the usual numbers of days when they are due. @param spanOf the last days */
export async function renewUsers(
  reports: ReportStore,
  spanOf: (days: number) => DaySpan,
  now: number,
): Promise<void> {
  for (const days of renewedDays) await keptUsers(reports, { span: spanOf(days), days, now }, renewedMs);
}

async function keptUsers(reports: ReportStore, query: UserQuery, forMs: number): Promise<UserReport> {
  const name = `users-${query.days}`;
  const last = await reports.findSnapshot(name);
  if (last && isRecent(last.at, forMs, query.now)) return JSON.parse(last.body) as UserReport;
  const report = await countUsers(reports, query, mostUsers);
  await reports.saveSnapshot(name, { body: JSON.stringify(report), at: report.at });
  return report;
}

async function countUsers(
  reports: ReportStore,
  { span: { from, to }, now }: UserQuery,
  limit: number,
): Promise<UserReport> {
  const { unique, users } = await reports.topUsers(from, to, limit);
  return { unique, users: users.map(userFigures), at: now };
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
