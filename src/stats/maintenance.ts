import type { Logger } from 'pino';
import { UnavailableError } from '../errors.ts';
import { cautiousClock } from '../resilience/cautious-clock.ts';
import { isRecent } from '../resilience/recent.ts';
import { inSmallSteps } from '../resilience/small-steps.ts';
import type { ReportStore } from '../store/reports/report-store.ts';
import type { Census } from './reports/cache-reports.ts';
import { hoursKeptMs, minutesKeptMs } from './reports/series.ts';

export interface StatsMaintenanceOptions {
  readonly reports: ReportStore;
  readonly log: Pick<Logger, 'warn'>;
  /** Prepares further reports that take a while. */
  readonly renew: () => Promise<void>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Work that keeps reports quick. One of several processes does it. */
export interface StatsMaintenance {
  /** Starts the timer. */
  start(): void;
  /** Once, now. Never rejects. */
  run(): Promise<void>;
  census(): Promise<Census>;
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

const everyMs = 60_000;
/** After the start, so that the first reports don't wait behind it. */
const firstMs = 5_000;
/** Counting the results reads some thousands of them. */
const censusKeptMs = 600_000;

export function openStatsMaintenance({
  reports,
  log,
  renew,
  now,
}: StatsMaintenanceOptions): StatsMaintenance {
  const stopping = new AbortController();
  const deletionNow = cautiousClock({ now });
  let timers: NodeJS.Timeout[] = [];
  let running = Promise.resolve();

  async function prune(): Promise<void> {
    for (const [level, keptMs] of [
      ['minute', minutesKeptMs],
      ['hour', hoursKeptMs],
    ] as const)
      await inSmallSteps({
        step: (limit) => reports.pruneRollups(level, deletionNow() - keptMs, limit),
        signal: stopping.signal,
      });
  }

  async function countCache(): Promise<void> {
    const last = await reports.findSnapshot('census');
    if (last && isRecent(last.at, censusKeptMs, now())) return;
    const census = await reports.censusOfCache();
    await reports.saveSnapshot('census', { body: JSON.stringify(census), at: now() });
  }

  function run(): Promise<void> {
    running = running
      .then(countCache)
      .then(renew)
      .then(prune)
      .catch((error: unknown) => {
        // The store's breaker has logged an outage.
        if (!(error instanceof UnavailableError)) log.warn({ err: error }, 'maintenance of reports failed');
      });
    return running;
  }

  return {
    run,
    start() {
      // Processes that start together spread out.
      const each = everyMs * (0.9 + Math.random() * 0.2);
      timers = [setTimeout(() => void run(), firstMs), setInterval(() => void run(), each)];
      for (const timer of timers) timer.unref();
    },
    async census() {
      const snapshot = await reports.findSnapshot('census');
      if (!snapshot) return { results: 0, maxHits: 0 };
      return { ...(JSON.parse(snapshot.body) as Omit<Census, 'at'>), at: snapshot.at };
    },
    stop() {
      stopping.abort();
      for (const timer of timers) clearTimeout(timer);
      return running;
    },
  };
}
