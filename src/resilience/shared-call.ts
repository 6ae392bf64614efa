import type { Deadline } from './deadline.ts';
import { type WaitContext, waitUntil } from './wait-until.ts';

/** One call that several callers wait for. */
export interface SharedCall<T, Context extends WaitContext> {
  /** Those who wait now. */
  readonly contexts: ReadonlySet<Context>;
  /** Aborts with the reason of the last caller when all have left before the end. */
  readonly signal: AbortSignal;
  readonly outcome: Promise<T>;
  /**
   * The call's outcome, for a caller that waits no longer than its context allows.
   * @throws DeadlineError, or the reason of the caller's signal; what the call throws
   */
  join(context: Context): Promise<T>;
}

/** What the call itself goes by. */
export interface SharedContext<Context extends WaitContext> extends WaitContext {
  /** The latest of those who wait at the time it is asked. */
  readonly deadline: Deadline;
  /** Those who wait at the time it is asked. */
  readonly contexts: ReadonlySet<Context>;
  /** Lets all who wait go with that error, now and later; the call itself goes on. */
  release(error: Error): void;
}

/** Begins a call for `first`, who joins it like all others. A caller's own deadline and signal end only its own wait. */
export function shareCall<T, Context extends WaitContext>(
  first: Context,
  run: (shared: SharedContext<Context>) => Promise<T>,
): SharedCall<T, Context> {
  const controller = new AbortController();
  const contexts = new Set([first]);
  const leftMs = () => Math.max(0, ...Array.from(contexts, ({ deadline }) => deadline.leftMs()));
  const { promise: released, reject: release } = Promise.withResolvers<never>();
  const shared = { deadline: { leftMs }, signal: controller.signal, contexts, release };
  const outcome = (async () => run(shared))();
  // A failure that nobody is left to hear of is no unhandled one.
  outcome.catch(() => undefined);
  released.catch(() => undefined);
  return {
    contexts,
    signal: controller.signal,
    outcome,
    join(context) {
      contexts.add(context);
      return waitUntil(Promise.race([outcome, released]), context, (reason) => {
        contexts.delete(context);
        if (contexts.size === 0) controller.abort(reason);
      });
    },
  };
}
