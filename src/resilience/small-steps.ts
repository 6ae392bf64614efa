import { setTimeout as sleep } from 'node:timers/promises';

export interface SmallStepsOptions {
  /** Does up to that many. @returns how many: fewer than `limit` where nothing is left */
  readonly step: (limit: number) => Promise<number>;
  /** Longest time of a step: others that want the same rows, pages or disk wait about that long at most. Default 10. */
  readonly aimMs?: number;
  /** In all. Default: as many as there are. */
  readonly most?: number;
  /** Ends it between two steps. */
  readonly signal?: AbortSignal;
  /** The shortest rest between two steps. Default 0. */
  readonly restMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly rest?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** What a statement costs by itself: less at once makes the work endless. */
const smallest = 200;
/** A larger step could take far longer than the one before it. */
const largest = 20_000;

/**
 * Works on many rows without holding others up. A step that takes longer than `aimMs` halves the next one, a step
 * that takes less than half of that doubles it. After each step others have as much time as it took.
 * @returns how many were done
 */
export async function inSmallSteps({
  step,
  aimMs = 10,
  most = Number.POSITIVE_INFINITY,
  signal,
  restMs = 0,
  now = () => performance.now(),
  rest = pause,
}: SmallStepsOptions): Promise<number> {
  let size = smallest;
  let done = 0;
  while (done < most && !signal?.aborted) {
    const limit = Math.min(size, most - done);
    const startedMs = now();
    const count = await step(limit);
    const tookMs = now() - startedMs;
    done += count;
    if (count < limit) break;
    if (tookMs > aimMs) size = Math.max(smallest, size >> 1);
    else if (tookMs < aimMs / 2) size = Math.min(largest, size * 2);
    await rest(Math.max(restMs, tookMs), signal);
  }
  return done;
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => {});
}
