import { cpuMsOf, type Job } from './job.ts';

/** How much work is under way, in time that really passes rather than in what was foretold. */
export interface Workload {
  /** Whether photos enough were done for it to know the machine. */
  readonly isKnown: boolean;
  /** @returns to be called when the photo has left its child; `isDone` says whether it was finished there */
  begin(job: Job): (isDone: boolean) => void;
  /** Until this much foretold work, and what of these is under way, is done by that many children. */
  drainMs(foretoldMs: number, children: number, counts?: (job: Job) => boolean): number;
}

/** Weight of a millisecond foretold long ago against one foretold now, per job. */
const memory = 15 / 16;
/** The first jobs in fresh children take longer than any later one: fewer say nothing, and more come too late. */
const enoughJobs = 4;

/** Learns from every photo how fast this machine is. */
export function openWorkload(now: () => number = () => performance.now()): Workload {
  // Until something is known: somewhat slower than the machine that costs were measured on, and busy.
  let [foretoldMs, ranMs] = [50, 100];
  let done = 0;
  const underWay = new Map<symbol, { readonly startedMs: number; readonly job: Job }>();
  const realMs = (foretold: number) => (foretold * ranMs) / foretoldMs;

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
        done += 1;
        foretoldMs = foretoldMs * memory + cpuMsOf(job);
        ranMs = ranMs * memory + (now() - startedMs);
      };
    },
    drainMs(foretold, children, counts = () => true) {
      const left = [...underWay.values()]
        .filter(({ job }) => counts(job))
        .map(({ job, startedMs }) => Math.max(0, realMs(cpuMsOf(job)) - (now() - startedMs)));
      return left.reduce((sum, ms) => sum + ms, realMs(foretold)) / Math.max(1, children);
    },
  };
}
