import { AppError, UnavailableError } from '../errors.ts';

export interface GatherOptions<Item, Result> {
  /** One statement for all items; its results in their order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Items of one statement, where each submission alone has no more. */
  readonly maxGroup: number;
  /** Items that may wait; beyond it a submission is refused. */
  readonly maxWaiting: number;
}

export interface Gathered<Item, Result> {
  /** All items of one submission share one statement, with those of others. */
  submit(items: readonly Item[]): Promise<readonly Result[]>;
  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void>;
  /** Resolves when all that was submitted before is settled, well or not. */
  settled(): Promise<void>;
}

interface Entry<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements that one failed group may cost while the items at fault are searched. */
const maxSearchStatements = 100;

/**
 * Group commit: what is submitted while a statement is in flight goes into the next one. The first starts when the
 * current turn of the event loop ends, so that requests read from sockets in the same turn go together.
 *
 * A group that fails for its items, not for an outage, is halved until those at fault are alone with their error.
 */
export function gathered<Item, Result>(options: GatherOptions<Item, Result>): Gathered<Item, Result> {
  let waiting: Entry<Item, Result>[] = [];
  let waitingItems = 0;
  let busy = false;
  let idlers: (() => void)[] = [];
  const unsettled = new Set<Promise<unknown>>();

  function takeGroup(): Entry<Item, Result>[] {
    let items = 0;
    let end = 0;
    for (const entry of waiting) {
      if (end > 0 && items + entry.items.length > options.maxGroup) break;
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
    for (const resolve of idlers) resolve();
    idlers = [];
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
    settled: async () => void (await Promise.allSettled(unsettled)),
    idle: () => (busy ? new Promise((resolve) => idlers.push(resolve)) : Promise.resolve()),
  };
}

/** Runs a group and settles each of its entries. Never rejects. */
async function settle<Item, Result>(
  group: readonly Entry<Item, Result>[],
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  budget: { left: number },
): Promise<void> {
  budget.left -= 1;
  try {
    const results = await run(group.flatMap(({ items }) => items));
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
