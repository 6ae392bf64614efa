import type { Loss } from './child-process.ts';

/** Counts a slot's failures in a row, and decides how long the slot pauses before its next child. */
export interface RestartPolicy {
  /** Why no child starts any more; undefined until several starts in a row have failed. */
  readonly startError: string | undefined;
  /** A child started. @returns the pause before a child whose model fails is replaced */
  started(modelError: string | undefined): number | undefined;
  /** A child whose model works has finished a job. */
  jobDone(): void;
  /** @returns the pause before the next child starts */
  lost(loss: Loss, state: 'starting' | 'idle' | 'busy', detail: string | undefined): number;
}

const firstPauseMs = 250;
const longestPauseMs = 60_000;
/** One failed start may be chance: an operator killed the child, or memory was short. */
const failedStartsUntilError = 2;

export function openRestartPolicy(modelRetryMs: number): RestartPolicy {
  let failures = 0;
  let failedStarts = 0;
  let startError: string | undefined;
  return {
    get startError() {
      return startError;
    },
    started(modelError) {
      failedStarts = 0;
      startError = undefined;
      if (modelError === undefined) return undefined;
      return Math.min(modelRetryMs * 2 ** failures++, longestPauseMs);
    },
    jobDone() {
      failures = 0;
    },
    lost(loss, state, detail) {
      if (loss === 'replaced') return 0;
      // A photo that kills children must not delay the next one. It has already cost its sender a start.
      if (state !== 'busy') failures += 1;
      if (state === 'starting') failedStarts += 1;
      if (failedStarts >= failedStartsUntilError) startError = detail ?? loss;
      return failures <= 1 ? 0 : Math.min(firstPauseMs * 2 ** (failures - 2), longestPauseMs);
    },
  };
}
