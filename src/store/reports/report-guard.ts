import type { ReportStore } from './report-store.ts';

/** The same reports, each run by `run`. */
export function guardedReports(
  reports: ReportStore,
  run: <T>(report: () => Promise<T>) => Promise<T>,
): ReportStore {
  return {
    sumTallies: (span, topics) => run(() => reports.sumTallies(span, topics)),
    sumDurations: (span, topics, names) => run(() => reports.sumDurations(span, topics, names)),
    countUsers: (from, to) => run(() => reports.countUsers(from, to)),
    topUsers: (from, to, limit) => run(() => reports.topUsers(from, to, limit)),
    failedPhotos: (from, limit) => run(() => reports.failedPhotos(from, limit)),
    censusOfCache: () => run(() => reports.censusOfCache()),
    findSnapshot: (name) => run(() => reports.findSnapshot(name)),
    saveSnapshot: (name, snapshot) => run(() => reports.saveSnapshot(name, snapshot)),
    pruneRollups: (level, before, limit) => run(() => reports.pruneRollups(level, before, limit)),
  };
}
