import type { Job } from './job.ts';
import { throwIfOver, whenOver } from './patience.ts';
import type { AnalyseContext, Analysis } from './photo.ts';

/** A photo on its way through the pool. */
export interface Ride {
  readonly job: Job;
  readonly context: AnalyseContext;
  readonly resolve: (analysis: Analysis) => void;
  readonly reject: (reason: unknown) => void;
  /** Children that were lost with this photo in them. */
  losses: number;
}

export interface WaitingLine {
  readonly length: number;
  /** Foretold CPU time of all that wait. */
  readonly costMs: number;
  /** The one that has been waiting longest. */
  first(): Ride | undefined;
  /** Whoever passes its deadline or is aborted here leaves the line with that error. */
  join(ride: Ride, place: 'first' | 'last'): void;
  /** Takes it out, for work or for good. */
  leave(ride: Ride): void;
}

/** First in, first out, and nobody waits longer than it wants to. */
export function openWaitingLine(): WaitingLine {
  /** What ends each one's watch over its deadline and signal; keys in the order of the line. */
  let line = new Map<Ride, () => void>();

  let costMs = 0;

  function leave(ride: Ride): void {
    line.get(ride)?.();
    if (line.delete(ride)) costMs -= ride.job.cost.cpuMs;
  }

  return {
    get length() {
      return line.size;
    },
    get costMs() {
      return Math.max(0, costMs);
    },
    first: () => line.keys().next().value,
    leave,
    join(ride, place) {
      try {
        throwIfOver(ride.context);
      } catch (reason) {
        ride.reject(reason);
        return;
      }
      const stopWatch = whenOver(ride.context, (reason) => {
        leave(ride);
        ride.reject(reason);
      });
      costMs += ride.job.cost.cpuMs;
      if (place === 'last') line.set(ride, stopWatch);
      else line = new Map([[ride, stopWatch], ...line]);
    },
  };
}
