import { setTimeout as sleep } from 'node:timers/promises';

export interface SmallStepsOptions {
  /** Does up to that many. @returns how many: fewer than `limit` where nothing is left */
  readonly step: (limit: number) => Promise<number>;
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

/** Of one step: others that want the same rows, pages or disk wait about that long at most. */
const aimMs = 10;
const largest = 200;
const smallest = 10;
const grownBy = 10;
/** Rest after a step, as a multiple of what it took: others have four fifths of the time. */
const restTimes = 4;

/**
 * Work on many rows that holds nobody up for long: after a step that took longer than it should the next is half as
 * large, after one that did not a little larger; and the longer a step took, the longer is the rest.
 * @returns how many were done
 */
export async function inSmallSteps({
  step,
  most = Number.POSITIVE_INFINITY,
  signal,
  restMs = 0,
  now = () => performance.now(),
  rest = pause,
}: SmallStepsOptions): Promise<number> {
  let size = largest;
  let done = 0;
  while (done < most && !signal?.aborted) {
    const limit = Math.min(size, most - done);
    const startedMs = now();
    const count = await step(limit);
    const tookMs = now() - startedMs;
    done += count;
    if (count < limit) break;
    size = tookMs > aimMs ? Math.max(smallest, size >> 1) : Math.min(largest, size + grownBy);
    await rest(Math.max(restMs, tookMs * restTimes), signal);
  }
  return done;
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => {});
}
