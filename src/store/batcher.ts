import { AppError, UnavailableError } from '../errors.ts';

export interface BatcherOptions<Item, Result> {
  /** One statement for all items; its results in their order, or none. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[] | undefined>;
  /** Most items of a statement that several submissions share. */
  readonly maxItems: number;
  /** Most items that may wait; the batcher rejects what would exceed it. */
  readonly maxWaiting: number;
}

export interface Batcher<Item, Result> {
  /** All items of a submission share one statement, with those of other submissions. @throws UnavailableError */
  submit(items: readonly Item[]): Promise<readonly Result[]>;
  /** Resolves when every earlier submission has succeeded or failed. */
  flush(): Promise<void>;
}

interface Entry<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Most statements that the search for the items at fault may cost. */
const maxSearchStatements = 100;

/**
 * Group commit: submissions during a statement share the next one. The first statement starts when the current turn
 * of the event loop ends, so that requests read in the same turn share it.
 *
 * A group that fails for its items, not for an outage, is halved until only the items at fault fail.
 */
export function openBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  let waiting: Entry<Item, Result>[] = [];
  let waitingItems = 0;
  let busy = false;
  const unsettled = new Set<Promise<unknown>>();

  function takeGroup(): Entry<Item, Result>[] {
    let items = 0;
    let end = 0;
    for (const entry of waiting) {
      if (end > 0 && items + entry.items.length > options.maxItems) break;
      items += entry.items.length;
      end += 1;
    }
    const group = waiting.slice(0, end);
    waiting = waiting.slice(end);
    waitingItems -= items;
    return group;
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      await settle(takeGroup(), options.run, { left: maxSearchStatements });
    }
    busy = false;
  }

  return {
    submit(items) {
      if (items.length === 0) return Promise.resolve([]);
      if (waitingItems + items.length > options.maxWaiting)
        return Promise.reject(
          new UnavailableError('store_unavailable', 'Too much waits for the store; try again later.', 1),
        );
      const { promise, resolve, reject } = Promise.withResolvers<readonly Result[]>();
      const isSettled = () => void unsettled.delete(promise);
      unsettled.add(promise);
      promise.then(isSettled, isSettled);
      waiting.push({ items, resolve, reject });
      waitingItems += items.length;
      if (!busy) {
        busy = true;
        setImmediate(() => void work());
      }
      return promise;
    },
    flush: async () => void (await Promise.allSettled(unsettled)),
  };
}

/** Runs a group and settles each of its entries. Never rejects. */
async function settle<Item, Result>(
  group: readonly Entry<Item, Result>[],
  run: BatcherOptions<Item, Result>['run'],
  budget: { left: number },
): Promise<void> {
  budget.left -= 1;
  try {
    const results = (await run(group.flatMap(({ items }) => items))) ?? [];
    let offset = 0;
    for (const { items, resolve } of group) {
      resolve(results.slice(offset, offset + items.length));
      offset += items.length;
    }
  } catch (error) {
    if (group.length === 1 || error instanceof AppError || budget.left <= 0) {
      for (const { reject } of group) reject(error);
      return;
    }
    const middle = group.length >> 1;
    await settle(group.slice(0, middle), run, budget);
    await settle(group.slice(middle), run, budget);
  }
}
