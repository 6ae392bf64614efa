import { DeadlineError } from '../errors.ts';
import type { Job } from './job.ts';
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
  /** The one that has been waiting longest. */
  first(): Ride | undefined;
  /** Whoever passes its deadline or is aborted here leaves the line with that error. */
  join(ride: Ride, place: 'first' | 'last'): void;
  /** Takes it out, for work or for good. */
  leave(ride: Ride): void;
}

/** setTimeout's largest delay. */
const longestTimerMs = 2 ** 31 - 1;

/** First in, first out, and nobody waits longer than it wants to. */
export function openWaitingLine(): WaitingLine {
  /** How each ride stops minding its deadline and signal; keys in the order of the line. */
  let line = new Map<Ride, () => void>();

  function mind(ride: Ride): () => void {
    const { deadline, signal } = ride.context;
    const refuse = (reason: unknown) => {
      leave(ride);
      ride.reject(reason);
    };
    const onAbort = () => refuse(signal.reason);
    let timer: NodeJS.Timeout;
    // A deadline may have moved when its time comes: that of a photo which several callers share is the latest.
    const arm = () => {
      timer = setTimeout(
        () => (deadline.leftMs() > 0 ? arm() : refuse(new DeadlineError())),
        Math.min(Math.ceil(deadline.leftMs()), longestTimerMs),
      );
    };
    arm();
    signal.addEventListener('abort', onAbort, { once: true });
    return () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  }

  function leave(ride: Ride): void {
    line.get(ride)?.();
    line.delete(ride);
  }

  return {
    get length() {
      return line.size;
    },
    first: () => line.keys().next().value,
    leave,
    join(ride, place) {
      const { deadline, signal } = ride.context;
      if (signal.aborted) return ride.reject(signal.reason);
      if (deadline.leftMs() === 0) return ride.reject(new DeadlineError());
      const minding = mind(ride);
      if (place === 'last') line.set(ride, minding);
      else line = new Map([[ride, minding], ...line]);
    },
  };
}
