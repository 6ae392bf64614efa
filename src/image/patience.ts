import { DeadlineError } from '../errors.ts';
import type { AnalyseContext } from './photo.ts';

/** setTimeout's largest delay. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Calls back at most once, with the reason: when the deadline passes or the signal aborts. A deadline may have moved
 * when its time comes: that of a photo which several callers share is the latest of theirs.
 * @returns what ends the watch
 */
export function whenOver({ deadline, signal }: AnalyseContext, over: (reason: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  const end = (reason: unknown) => {
    stop();
    over(reason);
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

/** @throws DeadlineError, or the signal's reason, when it is over already */
export function throwIfOver({ deadline, signal }: AnalyseContext): void {
  signal.throwIfAborted();
  if (deadline.leftMs() === 0) throw new DeadlineError();
}

/** The same promise for somebody who may not wait until its end. */
export function orOver<T>(promise: Promise<T>, context: AnalyseContext): Promise<T> {
  const { promise: awaited, resolve, reject } = Promise.withResolvers<T>();
  const stopWatch = whenOver(context, reject);
  promise.then(resolve, reject).finally(stopWatch);
  return awaited;
}
