import type { Job } from './job.ts';

/** How much work is under way, in time that really passes rather than in what was foretold. */
export interface Workload {
  /** @returns to be called when the photo has left its child; `isDone` says whether it was finished there */
  begin(job: Job): (isDone: boolean) => void;
  /** Until this much foretold work, and what is under way, is done by that many children. */
  drainMs(foretoldMs: number, children: number): number;
}

/** Weight of a millisecond foretold long ago against one foretold now, per job. */
const memory = 15 / 16;

/** Learns from every photo how fast this machine is, and how much a photo takes beside its decode. */
export function openWorkload(now: () => number = () => performance.now()): Workload {
  // Until something is known: the network takes about as long as a decode of a phone's photo.
  let [foretoldMs, ranMs] = [50, 100];
  const underWay = new Map<symbol, { readonly startedMs: number; readonly foretoldMs: number }>();
  const realMs = (foretold: number) => (foretold * ranMs) / foretoldMs;

  return {
    begin({ cost }) {
      const key = Symbol();
      const startedMs = now();
      underWay.set(key, { startedMs, foretoldMs: cost.cpuMs });
      return (isDone) => {
        underWay.delete(key);
        if (!isDone) return;
        foretoldMs = foretoldMs * memory + cost.cpuMs;
        ranMs = ranMs * memory + (now() - startedMs);
      };
    },
    drainMs(foretold, children) {
      const left = [...underWay.values()].map((one) =>
        Math.max(0, realMs(one.foretoldMs) - (now() - one.startedMs)),
      );
      return left.reduce((sum, ms) => sum + ms, realMs(foretold)) / Math.max(1, children);
    },
  };
}
