import { driverName, openDriver } from '../compose/driver.ts';
import { type Config, ConfigError } from '../config.ts';
import { AppError } from '../errors.ts';
import { text } from '../messages/text.ts';
import type { Store } from '../store/store.ts';
import { BlockedError } from './usage-error.ts';

/**
 * Opens the configured store, brings it up to date, uses it and closes it.
 * @param use gets the migrations that ran
 * @throws UsageError the store can't be opened
 */
export async function withStore<T>(
  config: Config,
  use: (store: Store, migrations: readonly string[]) => Promise<T>,
): Promise<T> {
  const store = await orUsageError(config, async () => openDriver(config));
  try {
    const migrations = await orUsageError(config, () => store.migrate());
    return await use(store, migrations);
  } finally {
    await store.close();
  }
}

async function orUsageError<T>(config: Config, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new BlockedError(
      text("The store can't be opened ({driver}): {reason}", {
        driver: driverName(config),
        reason: error instanceof AppError ? error.text : (error as Error).message,
      }),
    );
  }
}
