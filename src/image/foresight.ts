import { isDear, shareOfLine } from './dear.ts';
import { cpuMsOf, type Job, passCost } from './job.ts';
import type { RideContext, WaitingLine } from './waiting-line.ts';
import type { Workload } from './workload.ts';

export interface ForesightOptions {
  readonly line: WaitingLine;
  readonly workload: Workload;
  /** Photos that may wait. */
  readonly queueLimit: number;
  /** Work that may wait, as the time in which it is done. */
  readonly queueMs: number;
  /** Children that can work, or will in a moment. */
  readonly children: () => number;
  /** How many of them may hold such photos at once. */
  readonly placesFor: (job: Job) => number;
}

/** What is to be expected of the line, so that nobody waits in it in vain. */
export interface Foresight {
  /** Until all photos that are there now are done by that many children. */
  drainMs(children: number): number;
  /** Whether no such photo should be let in any more. */
  isFull(job: Job): boolean;
  /** Whether this one would wait past its deadline. */
  isInVain(job: Job, context: RideContext): boolean;
}

/**
 * Of the time that a photo has left, how much it may be foretold to wait. Where more photos come than can be decoded,
 * every one that is let in waits that long: what is foretold too short, and the photo's own work, must fit into the rest.
 */
const shareOfTime = 0.75;

export function openForesight(options: ForesightOptions): Foresight {
  const { line, workload, queueLimit, queueMs, children, placesFor } = options;

  /** By number, and by work: twenty dear photos are as much as a thousand cheap ones, and leave room for those. */
  function isFull(job: Job): boolean {
    const share = shareOfLine(job.cost);
    const isLong = workload.drainMs(workOf([...line.jobs(), job]), placesFor(job)) > queueMs * share;
    return line.length >= queueLimit * share || (line.length > 0 && isLong);
  }

  function waitMs(job: Job): number {
    const ahead = line.jobs(job);
    const [dear, cheap] = [ahead.filter(isDearOne), ahead.filter(isCheapOne)];
    // Where dear ones wait, they hold all the children that they may.
    const [oneDear] = dear;
    if (!isDearOne(job))
      return workload.drainMs(workOf(cheap), children() - (oneDear ? placesFor(oneDear) : 0), isCheapOne);
    return Math.max(
      workload.drainMs(workOf(dear), placesFor(job), isDearOne),
      workload.drainMs(workOf(ahead), children()),
    );
  }

  return {
    drainMs: (places) => workload.drainMs(workOf(line.jobs()), places),
    isFull,
    isInVain(job, { deadline, hadTurn = false }) {
      if (hadTurn || line.length === 0 || !workload.isKnown) return false;
      return waitMs(job) > deadline.leftMs() * shareOfTime;
    },
  };
}

const isDearOne = ({ cost }: Job) => isDear(cost);
const isCheapOne = (job: Job) => !isDearOne(job);

/** With the passes that will follow. */
function workOf(jobs: readonly Job[]): number {
  return jobs.reduce(
    (sum, job) => sum + cpuMsOf(job) + (job.wants.infer === 'later' ? passCost.cpuMs : 0),
    0,
  );
}
