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
  /** Whose turn it is, of those that can go. */
  first(canGo?: (ride: Ride) => boolean): Ride | undefined;
  /** Whoever passes its deadline or is aborted here leaves the line with that error. */
  join(ride: Ride, place: 'first' | 'by turn'): void;
  /** Takes it out, for work or for good. */
  leave(ride: Ride): void;
}

interface Waiting {
  readonly ride: Ride;
  readonly turnMs: number;
  /** Ends the watch over its deadline and signal. */
  readonly stopWatch: () => void;
}

/** How long a photo lets cheaper ones overtake it, for each millisecond that it is foretold to take. */
const patience = 4;
/**
 * How long what is to be inferred lets decodes overtake it: an LLM waits for those, and meanwhile nobody for this. Short
 * enough that few photos' pixels wait at once.
 */
const inferenceYieldsMs = 400;

/**
 * Turns go by arrival, later by a few times what the photo will take: cheap ones pass dear ones, but not for ever.
 * Nobody waits longer than it wants to.
 */
export function openWaitingLine(): WaitingLine {
  /** In the order of their turns. */
  const line: Waiting[] = [];
  let costMs = 0;

  function leave(ride: Ride): void {
    const at = line.findIndex((waiting) => waiting.ride === ride);
    const [left] = at === -1 ? [] : line.splice(at, 1);
    if (!left) return;
    left.stopWatch();
    costMs -= ride.job.cost.cpuMs;
  }

  return {
    get length() {
      return line.length;
    },
    get costMs() {
      return Math.max(0, costMs);
    },
    first: (canGo = () => true) => line.find(({ ride }) => canGo(ride))?.ride,
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
      const { cpuMs } = ride.job.cost;
      const yieldsMs = ride.job.format === 'pixels' ? inferenceYieldsMs : patience * cpuMs;
      const turnMs = place === 'first' ? Number.NEGATIVE_INFINITY : performance.now() + yieldsMs;
      const before = line.findLastIndex((waiting) => waiting.turnMs <= turnMs);
      line.splice(before + 1, 0, { ride, turnMs, stopWatch });
      costMs += cpuMs;
    },
  };
}
