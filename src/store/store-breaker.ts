import { mapMethods } from './map-methods.ts';
import { isLockTimeout, isOutage, outage, reasonOf, within } from './outage.ts';
import { openProbePauses, type ProbePauseOptions } from './probe-pauses.ts';
import type { Store } from './store.ts';
import { openStateLog, type StateLogOptions } from './store-state-log.ts';

export interface StoreBreakerOptions extends StateLogOptions, ProbePauseOptions {
  /** Limit of an operation, after which the store counts as down. Default 1000. */
  readonly timeoutMs?: number;
  /** Limit of a report or of maintenance, which by itself says nothing about the store. Default 60 000. */
  readonly reportTimeoutMs?: number;
  /** Limit of a migration. Default 600 000. */
  readonly migrationTimeoutMs?: number;
  /** How long `start` waits for the store. Default 5000. */
  readonly startTimeoutMs?: number;
  /** A store without a successful operation for that long is pinged. Default 5000. */
  readonly idleCheckMs?: number;
}

export interface BreakerStore extends Store {
  isUp(): boolean;
  /**
   * Migrates and opens the store for use. Resolves to false when it is down: it is probed from then on, migrated when
   * it is reachable, and works without a restart.
   */
  start(): Promise<boolean>;
}

/**
 * The same store, which fails within `timeoutMs` instead of hanging, and at once while it is down. Until `start` it
 * counts as down. Only outages open the breaker: a row at fault concerns its caller alone, and reads go on while
 * another process holds a lock.
 */
export function withStoreBreaker(store: Store, options: StoreBreakerOptions): BreakerStore {
  const { kind, reports, maintenance, apiKeys, migrate: _, close, ...operations } = store;
  const { guarded, limited, close: closeBreaker, ...breaker } = openBreaker(store, options);
  return {
    kind,
    ...mapMethods(operations, guarded),
    apiKeys: mapMethods(apiKeys, guarded),
    reports: mapMethods(reports, limited),
    // A deletion may take many transactions, one for each group of dependent rows.
    maintenance: mapMethods(maintenance, limited),
    ...breaker,
    async close() {
      closeBreaker();
      await close();
    },
  };
}

function openBreaker(store: Store, options: StoreBreakerOptions) {
  const { timeoutMs = 1000, reportTimeoutMs = 60_000, idleCheckMs = 5000 } = options;
  const log = openStateLog(store.kind, options);
  const pauses = openProbePauses(options);
  let up = false;
  /** Counts outages: an operation that began before the last one has nothing to say about the time after it. */
  let epoch = 0;
  let lastSuccess = 0;
  let idleCheck: NodeJS.Timeout | undefined;

  async function guarded<T>(operation: () => Promise<T>): Promise<T> {
    const begun = epoch;
    try {
      const result = await limited(operation, timeoutMs);
      lastSuccess = performance.now();
      return result;
    } catch (error) {
      if (up && begun === epoch && isOutage(error) && !isLockTimeout(error)) {
        up = false;
        epoch += 1;
        pauses.failed();
        log.down(reasonOf(error));
        pauses.probeLater(attempt);
      }
      throw error;
    }
  }

  /** With a limit of its own; its failure says nothing about the store. */
  async function limited<T>(work: () => Promise<T>, limitMs = reportTimeoutMs): Promise<T> {
    if (!up) throw outage(`the store is down: ${log.reason()}`);
    return within(work(), limitMs);
  }

  const migrate: Store['migrate'] = (onPending) =>
    within(store.migrate(onPending), options.migrationTimeoutMs ?? 600_000);

  /** Whether the store is up now. Never rejects. */
  async function attempt(): Promise<boolean> {
    try {
      const ran = await migrate(log.migrating);
      await within(store.ping(), timeoutMs);
      if (pauses.isStopped()) return false;
      up = true;
      lastSuccess = performance.now();
      pauses.succeeded();
      log.up(ran);
    } catch (error) {
      log.migrated();
      log.failed(error);
      pauses.failed();
    }
    return up;
  }

  function pingWhenIdle(): void {
    const isIdle = up && performance.now() - lastSuccess >= idleCheckMs;
    if (isIdle) guarded(() => store.ping()).catch(() => {});
  }

  return {
    guarded,
    limited,
    migrate,
    isUp: () => up,
    async start(): Promise<boolean> {
      idleCheck ??= setInterval(pingWhenIdle, idleCheckMs).unref();
      const first = attempt();
      void first.then((isUp) => (isUp ? undefined : pauses.probeLater(attempt)));
      await within(first, options.startTimeoutMs ?? 5000).catch(log.failed);
      return up;
    },
    close(): void {
      clearInterval(idleCheck);
      pauses.stop();
      up = false;
      log.closed();
    },
  };
}
