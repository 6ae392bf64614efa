import { backoffMs } from '../resilience/backoff.ts';

export interface ProbePauseOptions {
  /** Pause before the first and before later probes of a store that is down. Default 500 to 5000, with up to half of it cut at random. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  readonly random?: () => number;
}

/** A store that stays up for that long has recovered: the next outage begins with the shortest pause again. */
const steadyMs = 10_000;

/** Probes a store that is down, after pauses that double. */
export function openProbePauses({
  firstPauseMs = 500,
  longestPauseMs = 5000,
  random = Math.random,
}: ProbePauseOptions) {
  let failures = 0;
  let succeededAt = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  /** @param probe whether the store is up */
  function probeLater(probe: () => Promise<boolean>): void {
    if (isStopped) return;
    const pauseMs = backoffMs(failures, { baseMs: firstPauseMs, capMs: longestPauseMs, random });
    const probeNow = async () => {
      if (!(await probe())) probeLater(probe);
    };
    timer = setTimeout(probeNow, pauseMs).unref();
  }

  return {
    probeLater,
    succeeded(): void {
      succeededAt = performance.now();
    },
    failed(): void {
      if (performance.now() - succeededAt > steadyMs) failures = 0;
      succeededAt = Number.POSITIVE_INFINITY;
      failures += 1;
    },
    isStopped: () => isStopped,
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
