import { DeadlineError } from '../errors.ts';
import type { Deadline } from './deadline.ts';

/** How long a caller waits: until its deadline, or until it is gone. */
export interface WaitContext {
  /** May move later while a call is shared: it is asked again when it seems to have passed. */
  readonly deadline: Deadline;
  /** Aborts when the caller no longer wants the answer. */
  readonly signal: AbortSignal;
}

/** setTimeout's largest delay. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Calls `onOver` at most once, with a DeadlineError when the deadline passes or the signal's reason when that aborts.
 * @returns ends the watch
 */
export function watchContext(
  { deadline, signal }: WaitContext,
  onOver: (reason: unknown) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  const end = (reason: unknown) => {
    stop();
    onOver(reason);
  };
  const onAbort = () => end(signal.reason);
  const arm = () => {
    timer = setTimeout(
      () => (deadline.leftMs() > 0 ? arm() : end(new DeadlineError())),
      Math.min(Math.ceil(deadline.leftMs()), longestTimerMs),
    );
  };
  arm();
  signal.addEventListener('abort', onAbort, { once: true });
  return stop;
}

/** @throws DeadlineError, or the signal's reason, when the wait is over already */
export function throwIfOver({ deadline, signal }: WaitContext): void {
  signal.throwIfAborted();
  if (deadline.leftMs() === 0) throw new DeadlineError();
}

/**
 * A signal that aborts when `signal` does, with that one's reason, or with `expired()` at the deadline. Dispose it when
 * done.
 */
export function timeLimit(
  context: WaitContext,
  expired: () => Error,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (reason: unknown) =>
    controller.abort(reason instanceof DeadlineError && !context.signal.aborted ? expired() : reason);
  let stop = () => {};
  try {
    throwIfOver(context);
    stop = watchContext(context, abort);
  } catch (reason) {
    abort(reason);
  }
  return { signal: controller.signal, [Symbol.dispose]: stop };
}

/** Whether the promise settles before the wait ends, which is aborted otherwise. */
export function settlesBefore(
  promise: Promise<unknown>,
  wait: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const settled = new AbortController();
  const end = () => settled.abort();
  promise.then(end, end);
  return wait(settled.signal).then(
    () => false,
    () => true,
  );
}

/**
 * The same promise for a caller that waits no longer than its context allows.
 * @param onOver called when the caller leaves before the promise settles
 */
export function waitUntil<T>(
  promise: Promise<T>,
  context: WaitContext,
  onOver?: (reason: unknown) => void,
): Promise<T> {
  const { promise: awaited, resolve, reject } = Promise.withResolvers<T>();
  const stopWatch = watchContext(context, (reason) => {
    reject(reason);
    onOver?.(reason);
  });
  promise.then(resolve, reject).finally(stopWatch);
  return awaited;
}
