import type { Logger } from 'pino';
import { isOutage, reasonOf } from './outage.ts';
import type { Store } from './store.ts';

export interface StateLogOptions {
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Called at each change of state. */
  readonly onStateChange?: (up: boolean) => void;
}

/** Logs each change of a store's state once, and remembers why the store is down. */
export function openStateLog(store: Store['kind'], { logger, onStateChange }: StateLogOptions) {
  let lastReason = 'not started';
  let isDownLogged = false;
  let isMigrating = false;
  let isClosed = false;

  function down(reason: string): void {
    lastReason = reason;
    if (isDownLogged) return;
    isDownLogged = true;
    logger.warn({ store, reason }, 'store is down');
    onStateChange?.(false);
  }

  return {
    reason: () => lastReason,
    down,

    /** An attempt to reach it failed, or is not over yet. */
    failed(error: unknown): void {
      if (isClosed) return;
      const reason = isMigrating ? 'it is being migrated' : reasonOf(error);
      const isNews = reason !== lastReason;
      down(reason);
      // The migrations or the schema are at fault: only an operator can repair that.
      if (!isOutage(error) && isNews) logger.error({ store, reason }, 'store cannot be migrated');
    },

    migrating(migrations: readonly string[]): void {
      isMigrating = true;
      logger.info(
        { store, migrations },
        'store is being migrated; meanwhile look-ups answer 503, and photos are classified without it',
      );
    },

    /** Well or not. */
    migrated(): void {
      isMigrating = false;
    },

    up(migrations: readonly string[]): void {
      isMigrating = false;
      isDownLogged = false;
      if (migrations.length > 0) logger.info({ store, migrations }, 'store is migrated');
      logger.info({ store }, 'store is up');
      onStateChange?.(true);
    },

    closed(): void {
      isClosed = true;
      lastReason = 'closed';
    },
  };
}
