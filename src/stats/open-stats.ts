import type { Logger } from 'pino';
import { hourMs } from '../durations.ts';
import type { RecordStore } from '../store/records.ts';
import type { ReportStore } from '../store/reports/report-store.ts';
import { openBookkeeping } from './bookkeeping.ts';
import { openStatsMaintenance, type StatsMaintenance } from './maintenance.ts';
import type { Metrics } from './metrics/metrics.ts';
import { reportBatchCache, reportCacheEfficiency } from './reports/cache-reports.ts';
import { talliedOf } from './reports/figures.ts';
import { reportBatchClassify, reportCategories, reportMethods } from './reports/method-reports.ts';
import { reportSavingOptions } from './reports/saving-options.ts';
import { openSavings, type Savings } from './reports/savings.ts';
import { reportSeries, type SeriesQuery } from './reports/series.ts';
import { type DaySpan, lastDays } from './reports/span.ts';
import { reportToday } from './reports/today.ts';
import { renewUsers, reportUsers } from './reports/user-reports.ts';

export interface StatsOptions {
  /** Takes records. */
  readonly store: RecordStore & { flush(): Promise<void> };
  readonly reports: ReportStore;
  readonly metrics: Metrics;
  readonly timeZone: string;
  readonly log: Pick<Logger, 'warn'>;
  /** Whether photos of the lane `album` cost half already. Default: they don't. */
  readonly hasAlbumLane?: boolean;
  /** Records that were not written. */
  readonly onLost: (lost: number, error: unknown) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** All reports. They throw UnavailableError while the store is down: a zero would be wrong. */
export type Stats = ReturnType<typeof openStats>;

export function openStats(options: StatsOptions) {
  const { store, reports, metrics, timeZone, log, onLost, hasAlbumLane = false, now = Date.now } = options;
  const savings = openSavings();
  const bookkeeping = openBookkeeping({ store, metrics, savings, timeZone, onLost });
  const span = (days: number | undefined) => lastDays(now(), timeZone, days);
  const maintenance: StatsMaintenance = openStatsMaintenance({
    reports,
    log,
    renew: () => renewUsers(reports, span, now()),
    now,
  });
  /** What was recorded here a moment ago is in every report. */
  async function current<Report>(report: () => Promise<Report>): Promise<Report> {
    await store.flush();
    return report();
  }

  return {
    ...bookkeeping,
    /** Once the store is up. Never rejects. */
    async start() {
      await learnSavings(savings, reports, span(7)).catch(() => {});
      maintenance.start();
    },
    /** Resolves when nothing is under way. */
    stop: () => maintenance.stop(),
    /** Writes what was recorded so far. */
    flush: () => store.flush(),
    maintenance,
    today: () => current(() => reportToday(reports, { now: now(), timeZone })),
    cacheEfficiency: (days?: number) =>
      current(async () => reportCacheEfficiency(reports, span(days), await maintenance.census())),
    categories: (days: number) => current(() => reportCategories(reports, span(days))),
    methods: (days: number) => current(() => reportMethods(reports, span(days))),
    batchCache: (days: number) => current(() => reportBatchCache(reports, span(days), timeZone)),
    batchClassify: (days: number) => current(() => reportBatchClassify(reports, span(days), timeZone)),
    topUsers: (days: number, limit: number) =>
      current(() => reportUsers(reports, { span: span(days), days, limit, now: now() })),
    savingOptions: (days: number) =>
      current(() => reportSavingOptions(reports, { span: span(days), now: now(), hasAlbumLane })),
    series: (query: SeriesQuery) => current(() => reportSeries(reports, query, now())),
    recentFailures: (limit: number) => current(() => reports.failedPhotos(now() - hourMs, limit)),
  };
}

/** What photos of late have cost and weighed, so that the first hits after a start are worth what they are worth. */
async function learnSavings(savings: Savings, reports: ReportStore, span: DaySpan): Promise<void> {
  const tallied = talliedOf(await reports.sumTallies({ ...span, stepMs: 0 }, ['call', 'upload']));
  const failed = tallied.n('upload', 'failed');
  savings.learn({
    answers: tallied.n('call', 'answered'),
    spentMicro: tallied.amount('call'),
    uploads: tallied.n('upload') - failed,
    uploadedBytes: tallied.amount('upload') - tallied.amount('upload', 'failed'),
  });
}
