import type { Deadline } from './deadline.ts';

/** Longest delay that a timer takes without firing at once. */
const maxTimerMs = 2 ** 31 - 1;

export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
}

export interface TimeLimitOptions {
  /** Asked anew when it seems to have passed: more patient callers may have joined and moved it. */
  readonly deadline: Deadline;
  /** Upper bound whatever the deadline says, from now. */
  readonly capMs?: number;
  /** What the signal aborts with when time is up. */
  readonly expired: () => Error;
}

/** A signal that aborts when time is up or when `signal` does, with that one's reason. Dispose it when done. */
export function timeLimit(
  { deadline, capMs = Infinity, expired }: TimeLimitOptions,
  signal?: AbortSignal,
): TimeLimit {
  const controller = new AbortController();
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', follow);
  };
  const follow = () => {
    end();
    controller.abort(signal?.reason);
  };
  const check = () => {
    const leftMs = Math.min(deadline.leftMs(), capMs - (performance.now() - startedAt));
    if (leftMs > 0) {
      timer = setTimeout(check, Math.min(Math.ceil(leftMs), maxTimerMs));
      return;
    }
    end();
    controller.abort(expired());
  };
  signal?.addEventListener('abort', follow, { once: true });
  if (signal?.aborted) follow();
  else check();
  return { signal: controller.signal, [Symbol.dispose]: end };
}
