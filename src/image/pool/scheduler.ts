import { throwIfOver, watchContext } from '../../resilience/wait-until.ts';
import type { AnalyseContext } from '../photo.ts';
import { isExpensive, type Job, type QueuedJob } from './job.ts';
import { isOfAlbum, openJobQueue, removeFrom } from './job-queue.ts';
import type { ThroughputEstimate } from './throughput-estimate.ts';

export interface SchedulerOptions {
  readonly throughput: ThroughputEstimate;
  /** Photos that may wait for a child: so many single ones, and so many of albums. */
  readonly queueLimit: number;
  /** Photos of albums in turn or at work, of each price class. */
  readonly albumTurns: number;
  /** Children that can work, or will in a moment. */
  readonly children: () => number;
  readonly nowMs?: () => number;
}

/** Decides which job goes into a child next, and rejects early those that would miss their deadline. */
export interface Scheduler {
  readonly length: number;
  /** Whether to reject a job that arrives now. */
  isOverloaded(job: Job, context: AnalyseContext): boolean;
  /** A job that is over while it waits leaves the queue with that error. */
  add(queued: QueuedJob): void;
  /** Puts a job back whose child was lost. */
  addFirst(queued: QueuedJob): void;
  /** Whether a child may take such a job, were one idle. */
  mayStart(job: Job): boolean;
  /** Takes out the next job, of those that can start. */
  take(canStart: (job: Job) => boolean): QueuedJob | undefined;
  /** A job that was taken has left its child. */
  done(queued: QueuedJob): void;
  rejectAll(reason: () => unknown): void;
  /** Milliseconds until all that waits and runs is done by that many children. */
  drainMs(children: number): number;
}

/** Where no cheap photo came for that long, no child is reserved for one. */
const reservedForMs = 30_000;
/** Of the queue, for expensive photos: a cheap one is not rejected for their sake. */
const expensiveShare = 0.5;
/**
 * Rejects a job when the estimated wait exceeds this share of the time it has left. Under lasting overload every job
 * that is admitted waits that long, so the rest must hold its own work and what was estimated too short.
 */
const shareOfTime = 0.75;

export function openScheduler(options: SchedulerOptions): Scheduler {
  const { throughput, queueLimit, albumTurns, children, nowMs = () => performance.now() } = options;
  /** Retried jobs, and inference for photos whose LLM failed: these have the least time left. */
  const urgent: QueuedJob[] = [];
  const cheap = openJobQueue(albumTurns, nowMs);
  const expensive = openJobQueue(albumTurns, nowMs);
  const running = new Set<QueuedJob>();
  /** Of jobs that wait: ends the watch over their deadline and signal. */
  const watches = new Map<QueuedJob, () => void>();
  let cheapAtMs = Number.NEGATIVE_INFINITY;

  const queueOf = (job: Job) => (isExpensive(job) ? expensive : cheap);
  const turns = () => urgent.length + cheap.turns + expensive.turns;
  const albums = () => cheap.albums + expensive.albums;

  /** Children that expensive jobs may hold at once: one is reserved for cheap ones while such come. */
  function expensiveChildren(): number {
    const isReserved = nowMs() - cheapAtMs < reservedForMs;
    return isReserved ? Math.max(1, children() - 1) : children();
  }

  function mayStart(job: Job): boolean {
    if (!isExpensive(job)) return true;
    let held = 0;
    for (const other of running) if (isExpensive(other.job)) held += 1;
    return held < expensiveChildren();
  }

  function waitMs(job: Job): number {
    if (isExpensive(job))
      return Math.max(
        throughput.drainMs(expensive.turnsMs, expensiveChildren(), isExpensive),
        throughput.drainMs(expensive.turnsMs + cheap.turnsMs, children()),
      );
    // Where expensive jobs wait, they hold all the children that they may.
    const free = children() - (expensive.turns > 0 ? expensiveChildren() : 0);
    return throughput.drainMs(cheap.turnsMs, free, (other) => !isExpensive(other));
  }

  function isFull(job: Job, context: AnalyseContext): boolean {
    const limit = queueLimit * (isExpensive(job) ? expensiveShare : 1);
    return (isOfAlbum({ job, context }) ? albums() : turns()) >= limit;
  }

  /** Begins the watch over a job that waits; false where it is over already. */
  function watch(queued: QueuedJob): boolean {
    try {
      throwIfOver(queued.context);
    } catch (reason) {
      queued.reject(reason);
      return false;
    }
    watches.set(
      queued,
      watchContext(queued.context, (reason) => expel(queued, reason)),
    );
    return true;
  }

  function unwatch(queued: QueuedJob): void {
    watches.get(queued)?.();
    watches.delete(queued);
  }

  /** Rejects a job that waits. */
  function expel(queued: QueuedJob, reason: unknown): void {
    unwatch(queued);
    const queue = queueOf(queued.job);
    if (removeFrom(urgent, queued)) queue.done(queued);
    else queue.remove(queued);
    queued.reject(reason);
  }

  /** The next of each price class, whose turn comes first being the first. */
  function heads(): QueuedJob[] {
    const found = [cheap.head, expensive.head].filter((head) => head !== undefined);
    return found.sort((one, other) => one.turnMs - other.turnMs).map(({ queued }) => queued);
  }

  return {
    get length() {
      return turns() + albums();
    },
    isOverloaded(job, context) {
      if (job.kind === 'inference') return false;
      if (isFull(job, context)) return true;
      // Photos of an album wait for one another until their batch's deadline.
      if (isOfAlbum({ job, context }) || turns() === 0 || !throughput.isKnown) return false;
      return waitMs(job) > context.deadline.leftMs() * shareOfTime;
    },
    add(queued) {
      if (!watch(queued)) return;
      const { job } = queued;
      if (job.kind === 'decode' && !isExpensive(job)) cheapAtMs = nowMs();
      if (job.kind === 'inference') urgent.push(queued);
      else queueOf(job).add(queued);
    },
    addFirst(queued) {
      running.delete(queued);
      if (watch(queued)) urgent.unshift(queued);
      else queueOf(queued.job).done(queued);
    },
    mayStart,
    take(canStart) {
      const may = ({ job }: QueuedJob) => mayStart(job) && canStart(job);
      const queued = urgent.find(may) ?? heads().find(may);
      if (!queued) return undefined;
      unwatch(queued);
      if (!removeFrom(urgent, queued)) queueOf(queued.job).shift();
      running.add(queued);
      return queued;
    },
    done(queued) {
      if (running.delete(queued)) queueOf(queued.job).done(queued);
    },
    rejectAll(reason) {
      for (const queued of [...watches.keys()]) expel(queued, reason());
    },
    drainMs: (places) => throughput.drainMs(cheap.waitingMs + expensive.waitingMs, places),
  };
}
