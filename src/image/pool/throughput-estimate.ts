import { estimatedMs, type Job } from './job.ts';

/** Converts estimated work to the time it really takes on this machine, with everything else that runs there. */
export interface ThroughputEstimate {
  /** Whether enough jobs finished to know the machine. */
  readonly isKnown: boolean;
  /** @returns a function to call when the job has left its child; `isDone`: the child finished it */
  begin(job: Job): (isDone: boolean) => void;
  /** Milliseconds until that much estimated work, and the matching jobs under way, are done by that many children. */
  drainMs(workMs: number, children: number, matches?: (job: Job) => boolean): number;
}

/** Weight of a job against the one after it. */
const decay = 15 / 16;
/** The first jobs in fresh children take longer than any later one: fewer say nothing, and more come too late. */
const enoughJobs = 4;

/** Learns from every job. Inference on its own counts as time that decodes take longer, since it goes before them. */
export function openThroughputEstimate(now: () => number = () => performance.now()): ThroughputEstimate {
  // Until something is known: somewhat slower than the machine on which costs were measured, and busy.
  let [workMs, ranMs] = [50, 100];
  let done = 0;
  const underWay = new Map<symbol, { readonly startedMs: number; readonly job: Job }>();
  const realMs = (estimated: number) => (estimated * ranMs) / workMs;

  return {
    get isKnown() {
      return done >= enoughJobs;
    },
    begin(job) {
      const key = Symbol();
      const startedMs = now();
      underWay.set(key, { startedMs, job });
      return (isDone) => {
        underWay.delete(key);
        if (!isDone) return;
        const estimated = estimatedMs(job);
        if (estimated > 0) {
          done += 1;
          workMs = workMs * decay + estimated;
          ranMs *= decay;
        }
        ranMs += now() - startedMs;
      };
    },
    drainMs(estimated, children, matches = () => true) {
      let leftMs = realMs(estimated);
      for (const { job, startedMs } of underWay.values())
        if (matches(job)) leftMs += Math.max(0, realMs(estimatedMs(job)) - (now() - startedMs));
      return leftMs / Math.max(1, children);
    },
  };
}
