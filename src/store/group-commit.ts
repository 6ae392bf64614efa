import { type ActivityWriter, type ActivityWriterOptions, openActivityWriter } from './activity-writer.ts';
import { openBatcher } from './batcher.ts';
import { type ListOperations, listOperations, type Store } from './store.ts';

export interface GroupCommitOptions extends ActivityWriterOptions {
  /** Rows or keys of one statement. Default 500. */
  readonly maxItems?: number;
  /** Rows or keys that may wait, for each operation; beyond it calls are rejected. Default 10 000. */
  readonly maxWaiting?: number;
}

export interface GroupCommit extends ListOperations, ActivityWriter {
  /** Resolves when all that was submitted before is written, or has failed. */
  flush(): Promise<void>;
}

/**
 * Many callers, few statements: calls of an operation that come at the same time share one statement. Each operation
 * has one statement in flight at a time.
 * @throws UnavailableError from every call while the store is down, or too much waits for it
 */
export function withGroupCommit(
  store: ListOperations & Pick<Store, 'countHits' | 'saveActivity'>,
  options: GroupCommitOptions = {},
): GroupCommit {
  const bounds = { maxItems: options.maxItems ?? 500, maxWaiting: options.maxWaiting ?? 10_000 };
  const batchers = listOperations.map((name) => {
    const run = store[name] as (items: readonly unknown[]) => Promise<readonly unknown[] | undefined>;
    return { name, ...openBatcher({ ...bounds, run }) };
  });
  const isOfResults = ({ name }: { readonly name: string }) => name === 'saveResults';
  const activity = openActivityWriter(
    {
      saveActivity: store.saveActivity,
      // A hit on a result that is not there yet would count for nothing.
      async countHits(...batch) {
        await batchers.find(isOfResults)?.flush();
        await store.countHits(...batch);
      },
    },
    options,
  );
  const operations = Object.fromEntries(batchers.map(({ name, submit }) => [name, submit]));
  return {
    ...(operations as unknown as ListOperations),
    ...activity,
    async flush() {
      await Promise.all([activity, ...batchers].map((one) => one.flush()));
    },
  };
}
