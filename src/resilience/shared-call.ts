import type { Deadline } from './deadline.ts';
import { type WaitContext, waitUntil } from './wait-until.ts';

/** One call that several callers share. */
export interface SharedCall<T, Context extends WaitContext> {
  /** Of the callers that wait now. */
  readonly contexts: ReadonlySet<Context>;
  /** Aborts with the reason of the last caller when all left before the end. */
  readonly signal: AbortSignal;
  readonly outcome: Promise<T>;
  /**
   * The call's outcome, for a caller that waits no longer than its context allows.
   * @throws DeadlineError, or the reason of the caller's signal; what the call throws
   */
  join(context: Context): Promise<T>;
}

/** Deadline and signal of the call itself. */
export interface SharedContext<Context extends WaitContext> extends WaitContext {
  /** The latest of all callers that wait. */
  readonly deadline: Deadline;
  /** Of the callers that wait. */
  readonly contexts: ReadonlySet<Context>;
  /** Rejects for all callers, now and later; the call itself goes on. */
  release(error: Error): void;
}

/** Starts a call for `first`, which joins it like all others. A caller's deadline and signal end only its own wait. */
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
  // With no caller left, a failure is not an unhandled rejection.
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
