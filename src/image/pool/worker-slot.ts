import type { Logger } from 'pino';
import { PhotoError } from '../../errors.ts';
import type { Analysis } from '../photo.ts';
import type { Child, ChildEvents, Loss } from './child-process.ts';
import type { Job } from './job.ts';

export interface WorkerSlotOptions {
  readonly fork: (events: ChildEvents) => Child;
  /** Pause before a child whose model fails is replaced. Doubles each time, up to `longestRestMs`. */
  readonly modelRetryMs: number;
  readonly log: Logger;
  /** Something about this slot is different now. */
  readonly changed: () => void;
  readonly childLost: (loss: Loss) => void;
}

/** One place in the pool, with at most one child in it, which is replaced when it is lost. */
export interface WorkerSlot {
  readonly state: 'starting' | 'idle' | 'busy' | 'resting' | 'closed';
  /** Why its child can decode but not infer. */
  readonly modelError: string | undefined;
  /** Why no child starts here any more, once that has happened repeatedly. */
  readonly failing: string | undefined;
  readonly pid: number | undefined;
  /** Only when idle. @throws PhotoError, ChildLostError */
  run(job: Job): Promise<Analysis>;
  /** Resolves when no process is left. */
  close(): Promise<void>;
}

const firstRestMs = 250;
const longestRestMs = 60_000;
/** One lost start may be chance: somebody killed it, or memory was short for a moment. */
const failingAfter = 2;

/** Opens a slot and starts its first child. */
export function openWorkerSlot({
  fork,
  modelRetryMs,
  log,
  changed,
  childLost,
}: WorkerSlotOptions): WorkerSlot {
  let state: WorkerSlot['state'] = 'starting';
  let child: Child | undefined;
  let modelError: string | undefined;
  let failing: string | undefined;
  /** In a row, without a photo done in between. Decides how long the next child waits. */
  let failures = 0;
  let failedStarts = 0;
  let isStale = false;
  let timer: NodeJS.Timeout | undefined;
  const processes = new Set<Child>();

  function start(): void {
    modelError = undefined;
    isStale = false;
    state = 'starting';
    child = undefined;
    let started: Child;
    try {
      started = fork({
        ready: (reason) => child === started && ready(reason),
        lost: (loss, detail) => child === started && lost(loss, detail),
      });
    } catch (error) {
      lost('crashed', String(error));
      return;
    }
    child = started;
    processes.add(started);
    void started.ended.then(() => processes.delete(started));
  }

  function ready(reason: string | undefined): void {
    state = 'idle';
    failedStarts = 0;
    failing = undefined;
    modelError = reason;
    if (reason !== undefined) {
      log.error({ pid: child?.pid, reason }, 'the local model is not used: it can not be trusted as it is');
      timer = setTimeout(replace, Math.min(modelRetryMs * 2 ** failures, longestRestMs));
      timer.unref();
      failures += 1;
    }
    changed();
  }

  function replace(): void {
    isStale = true;
    if (state === 'idle') child?.kill('replaced');
  }

  function lost(loss: Loss, detail: string | undefined): void {
    const lostWhile = state;
    clearTimeout(timer);
    if (lostWhile === 'closed') return;
    if (loss !== 'replaced') {
      log.warn({ pid: child?.pid, loss, lostWhile, detail }, 'a decoding process was lost and is replaced');
      childLost(loss);
      // A photo that kills children must not make the next one wait; each costs its sender a whole start already.
      if (lostWhile !== 'busy') failures += 1;
      if (lostWhile === 'starting') failedStarts += 1;
    }
    if (failedStarts >= failingAfter) failing = detail ?? loss;
    if (failures <= 1 || loss === 'replaced') start();
    else {
      state = 'resting';
      timer = setTimeout(start, Math.min(firstRestMs * 2 ** (failures - 2), longestRestMs));
    }
    changed();
  }

  async function run(job: Job): Promise<Analysis> {
    const running = child;
    if (!running || state !== 'idle') throw new Error(`a ${state} slot can't run a job`);
    state = 'busy';
    try {
      const analysis = await running.run(job);
      if (modelError === undefined) failures = 0;
      return analysis;
    } catch (error) {
      if (error instanceof PhotoError && modelError === undefined) failures = 0;
      throw error;
    } finally {
      if (child === running && state === 'busy') {
        state = 'idle';
        if (isStale) running.kill('replaced');
        changed();
      }
    }
  }

  start();
  return {
    get state() {
      return state;
    },
    get modelError() {
      return modelError;
    },
    get failing() {
      return failing;
    },
    get pid() {
      return state === 'resting' || state === 'closed' ? undefined : child?.pid;
    },
    run,
    async close() {
      state = 'closed';
      clearTimeout(timer);
      child?.kill('closed');
      await Promise.all([...processes].map(({ ended }) => ended));
    },
  };
}
