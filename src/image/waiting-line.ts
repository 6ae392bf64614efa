import type { Job } from './job.ts';
import { throwIfOver, whenOver } from './patience.ts';
import type { AnalyseContext, Analysis } from './photo.ts';

/** Who waits for a photo in the pool. */
export interface RideContext extends AnalyseContext {
  /** Whether somebody needs what is left to do of a photo that has had its turn: it goes before all others then. */
  readonly isAwaited?: () => boolean;
  /** It was let in from a line of its caller's photos. */
  readonly hadTurn?: boolean;
}

/** A photo on its way through the pool. */
export interface Ride {
  readonly job: Job;
  readonly context: RideContext;
  readonly resolve: (analysis: Analysis) => void;
  readonly reject: (reason: unknown) => void;
  /** Children that were lost with this photo in them. */
  losses: number;
}

export interface WaitingLine {
  readonly length: number;
  /** All that wait; or those alone whose turn would come before this one's. */
  jobs(before?: Job): readonly Job[];
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

  function leave(ride: Ride): void {
    const at = line.findIndex((waiting) => waiting.ride === ride);
    const [left] = at === -1 ? [] : line.splice(at, 1);
    left?.stopWatch();
  }

  return {
    get length() {
      return line.length;
    },
    jobs(before) {
      const turnMs = before ? turnOf(before) : Number.POSITIVE_INFINITY;
      return line.filter((waiting) => waiting.turnMs <= turnMs).map(({ ride }) => ride.job);
    },
    first(canGo = () => true) {
      const rides = line.map(({ ride }) => ride);
      return rides.find((ride) => ride.context.isAwaited?.() && canGo(ride)) ?? rides.find(canGo);
    },
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
      const turnMs = place === 'first' ? Number.NEGATIVE_INFINITY : turnOf(ride.job);
      const before = line.findLastIndex((waiting) => waiting.turnMs <= turnMs);
      line.splice(before + 1, 0, { ride, turnMs, stopWatch });
    },
  };
}

/** Of a photo that comes now. */
function turnOf({ format, cost }: Job): number {
  return performance.now() + (format === 'pixels' ? inferenceYieldsMs : patience * cost.cpuMs);
}
