import type { Logger } from 'pino';
import { isOutage, outage, reasonOf, within } from './outage.ts';
import { guardedReports } from './reports/report-guard.ts';
import type { Store } from './store.ts';

export interface OutageGuardOptions {
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Limit of an operation, after which the store counts as down. Default 1000. */
  readonly timeoutMs?: number;
  /** Limit of a report, which by itself says nothing about the store. Default 60 000. */
  readonly reportTimeoutMs?: number;
  /** Limit of a migration. Default 600 000. */
  readonly migrationTimeoutMs?: number;
  /** How long `start` waits for the store. Default 5000. */
  readonly startTimeoutMs?: number;
  /** Pause before the first and before later probes of a store that is down. Default 500 to 5000, each halved at most by chance. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  /** A store that nobody has used for that long is pinged, so that `isUp` stays true to life. Default 5000. */
  readonly idleCheckMs?: number;
  /** Called at each change of state. */
  readonly onStateChange?: (up: boolean) => void;
  readonly random?: () => number;
}

export interface GuardedStore extends Store {
  isUp(): boolean;
  /**
   * Migrates and opens the store for use. Resolves to false when it is down: it is probed from then on, migrated when
   * it comes, and works without a restart.
   */
  start(): Promise<boolean>;
}

/** A store that stays up for that long has recovered: the next outage begins with the shortest pause again. */
const steadyMs = 10_000;

/**
 * The same store, which fails within `timeoutMs` instead of hanging, and at once while it is down. Until `start` it
 * counts as down. Only outages count; a row at fault is its caller's business.
 */
export function withOutageGuard(store: Store, options: OutageGuardOptions): GuardedStore {
  const { logger } = options;
  const timeoutMs = options.timeoutMs ?? 1000;
  const idleCheckMs = options.idleCheckMs ?? 5000;
  const migrationTimeoutMs = options.migrationTimeoutMs ?? 600_000;
  let up = false;
  let isDownAnnounced = false;
  let isMigrating = false;
  let lastReason = 'not started';
  /** Counts outages: an operation that began before the last one has nothing to say about the time after it. */
  let epoch = 0;
  let failures = 0;
  let upSince = 0;
  let lastSuccess = 0;
  let isClosed = false;
  let idleCheck: NodeJS.Timeout | undefined;
  let nextProbe: NodeJS.Timeout | undefined;

  async function guarded<T>(operation: () => Promise<T>): Promise<T> {
    if (!up) throw outage(`the store is down: ${lastReason}`);
    const begun = epoch;
    try {
      const result = await within(operation(), timeoutMs);
      lastSuccess = performance.now();
      return result;
    } catch (error) {
      if (up && begun === epoch && isOutage(error)) goDown(reasonOf(error));
      throw error;
    }
  }

  /** A report has a limit of its own, and its failure says nothing about the store. */
  async function reported<T>(report: () => Promise<T>): Promise<T> {
    if (!up) throw outage(`the store is down: ${lastReason}`);
    return within(report(), options.reportTimeoutMs ?? 60_000);
  }

  function goDown(reason: string): void {
    if (performance.now() - upSince > steadyMs) failures = 0;
    epoch += 1;
    failures += 1;
    announceDown(reason);
    probeLater();
  }

  function announceDown(reason: string): void {
    up = false;
    lastReason = reason;
    isDownAnnounced = true;
    logger.warn({ store: store.kind, reason }, 'store is down');
    options.onStateChange?.(false);
  }

  function announceMigration(names: readonly string[]): void {
    isMigrating = true;
    logger.info(
      { store: store.kind, migrations: names },
      'store is being migrated; meanwhile look-ups answer 503, and photos are classified without it',
    );
  }

  function goUp(ran: readonly string[]): void {
    up = true;
    isDownAnnounced = false;
    upSince = performance.now();
    lastSuccess = upSince;
    if (ran.length > 0) logger.info({ store: store.kind, migrations: ran }, 'store is migrated');
    logger.info({ store: store.kind }, 'store is up');
    options.onStateChange?.(true);
  }

  function probeLater(): void {
    if (isClosed) return;
    nextProbe = setTimeout(async () => {
      if (!(await attempt())) probeLater();
    }, pauseMs()).unref();
  }

  /** Whether the store is up now. Never rejects. */
  async function attempt(): Promise<boolean> {
    try {
      const ran = await within(store.migrate(announceMigration), migrationTimeoutMs);
      await within(store.ping(), timeoutMs);
      if (!isClosed) goUp(ran);
      return true;
    } catch (error) {
      failed(error);
      return false;
    } finally {
      isMigrating = false;
    }
  }

  function failed(error: unknown): void {
    if (isClosed) return;
    failures += 1;
    const reason = reasonOf(error);
    const isNews = reason !== lastReason;
    if (!isDownAnnounced) announceDown(reason);
    lastReason = reason;
    // No outage: the migrations or the schema are at fault, and somebody has to act.
    if (!isOutage(error) && isNews) logger.error({ store: store.kind, reason }, 'store cannot be migrated');
  }

  function pauseMs(): number {
    const doubled = (options.firstPauseMs ?? 500) * 2 ** Math.max(0, failures - 1);
    const longest = Math.min(doubled, options.longestPauseMs ?? 5000);
    return longest * (0.5 + (options.random ?? Math.random)() / 2);
  }

  return {
    kind: store.kind,
    isUp: () => up,

    async start() {
      idleCheck ??= setInterval(() => {
        if (up && performance.now() - lastSuccess >= idleCheckMs) guarded(() => store.ping()).catch(() => {});
      }, idleCheckMs).unref();
      const first = attempt();
      void first.then((isUp) => (isUp ? undefined : probeLater()));
      await within(first, options.startTimeoutMs ?? 5000).catch((error) =>
        failed(isMigrating ? outage('it is being migrated') : error),
      );
      return up;
    },

    findResults: (lookups) => guarded(() => store.findResults(lookups)),
    saveResults: (results) => guarded(() => store.saveResults(results)),
    saveClaims: (claims) => guarded(() => store.saveClaims(claims)),
    saveFingerprints: (fingerprints) => guarded(() => store.saveFingerprints(fingerprints)),
    findNearDuplicates: (...search) => guarded(() => store.findNearDuplicates(...search)),
    acquireLeases: (requests) => guarded(() => store.acquireLeases(requests)),
    renewLeases: (leases) => guarded(() => store.renewLeases(leases)),
    releaseLeases: (leases) => guarded(() => store.releaseLeases(leases)),
    saveFeedback: (feedback) => guarded(() => store.saveFeedback(feedback)),
    newestFeedback: (limit) => guarded(() => store.newestFeedback(limit)),
    correctors: (limit) => guarded(() => store.correctors(limit)),
    // Many transactions where much hangs on what goes.
    deleteSome: (deletion, limit) => reported(() => store.deleteSome(deletion, limit)),
    eraseDeleted: () => reported(() => store.eraseDeleted()),
    cacheCounts: () => reported(() => store.cacheCounts()),
    countHits: (hits) => guarded(() => store.countHits(hits)),
    saveActivity: (activity) => guarded(() => store.saveActivity(activity)),
    reports: guardedReports(store.reports, reported),
    apiKeys: {
      list: () => guarded(() => store.apiKeys.list()),
      save: (key) => guarded(() => store.apiKeys.save(key)),
      revoke: (id, at) => guarded(() => store.apiKeys.revoke(id, at)),
    },
    reserveSpend: (amountMicro, dayAndMonth) => guarded(() => store.reserveSpend(amountMicro, dayAndMonth)),
    addSpend: (differenceMicro, periods) => guarded(() => store.addSpend(differenceMicro, periods)),
    findRefusal: (photo) => guarded(() => store.findRefusal(photo)),
    saveRefusal: (refusal) => guarded(() => store.saveRefusal(refusal)),
    ping: () => guarded(() => store.ping()),
    checkConnections: (workers) => guarded(() => store.checkConnections(workers)),
    migrate: (onPending) => within(store.migrate(onPending), migrationTimeoutMs),
    async close() {
      isClosed = true;
      clearInterval(idleCheck);
      clearTimeout(nextProbe);
      up = false;
      lastReason = 'closed';
      await store.close();
    },
  };
}
