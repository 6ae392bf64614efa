import { throwIfOver, watchContext } from '../../resilience/wait-until.ts';
import type { AnalyseContext } from '../photo.ts';
import { isExpensive, type Job, type QueuedJob } from './job.ts';
import { isOfAlbum, type JobQueue, openJobQueue, removeFrom } from './job-queue.ts';
import type { ThroughputEstimate } from './throughput-estimate.ts';

export interface SchedulerOptions {
  readonly throughput: ThroughputEstimate;
  /** Photos that may wait for a child: this many single ones, and this many of albums. */
  readonly queueLimit: number;
  /** Photos of albums in turn or at work, of each price class. */
  readonly albumTurns: number;
  /** Children that can work, or will soon. */
  readonly children: () => number;
  readonly nowMs?: () => number;
}

/** What admission looks at. */
export type JobClass = Pick<Job, 'kind' | 'cost' | 'wants'>;

/** Chooses the next job for a child, and rejects jobs early that would miss their deadline. */
export interface Scheduler {
  readonly length: number;
  /** Whether to reject a job that arrives now. */
  isOverloaded(job: JobClass, context: AnalyseContext): boolean;
  /** A job whose wait ends in the queue is rejected with that error. */
  add(queued: QueuedJob): void;
  /** Puts a job back whose child was lost. */
  addFirst(queued: QueuedJob): void;
  /** Whether an idle child may take such a job. */
  mayStart(job: JobClass): boolean;
  /** Takes out the next job that can start. */
  take(canStart: (job: Job) => boolean): QueuedJob | undefined;
  /** A job that was taken has left its child. */
  done(queued: QueuedJob): void;
  rejectAll(reason: () => unknown): void;
  /** Milliseconds until this many children have done everything that waits or runs. */
  drainMs(children: number): number;
}

/** How long after a cheap photo a worker stays reserved for the next one. */
const reservedForMs = 30_000;
/** The share of the queue that expensive photos may fill, so that they cause no rejection of a cheap one. */
const expensiveShare = 0.5;
/**
 * Rejects a job when the estimated wait exceeds this share of the time left. Under lasting overload every admitted job
 * waits that long. The rest of the time is for the job itself, and for estimates that are too low.
 */
const waitShare = 0.75;

export function openScheduler(options: SchedulerOptions): Scheduler {
  return new PoolScheduler(options);
}

class PoolScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #nowMs: () => number;
  /** Retried jobs, and inference for photos whose LLM failed. These have the least time left. */
  readonly #urgent: QueuedJob[] = [];
  readonly #cheap: JobQueue;
  readonly #expensive: JobQueue;
  readonly #running = new Set<QueuedJob>();
  /** Stops watching the deadline and signal of a job that waits. */
  readonly #watches = new Map<QueuedJob, () => void>();
  #lastCheapMs = Number.NEGATIVE_INFINITY;

  constructor(options: SchedulerOptions) {
    const { albumTurns, nowMs = () => performance.now() } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#cheap = openJobQueue(albumTurns, nowMs);
    this.#expensive = openJobQueue(albumTurns, nowMs);
  }

  get length(): number {
    return this.#turns + this.#albums;
  }

  get #turns(): number {
    return this.#urgent.length + this.#cheap.turns + this.#expensive.turns;
  }

  get #albums(): number {
    return this.#cheap.albums + this.#expensive.albums;
  }

  isOverloaded(job: JobClass, context: AnalyseContext): boolean {
    if (job.kind === 'inference') return false;
    const isAlbum = isOfAlbum(job, context);
    const limit = this.#options.queueLimit * (isExpensive(job) ? expensiveShare : 1);
    if ((isAlbum ? this.#albums : this.#turns) >= limit) return true;
    // Photos of an album wait for one another until their batch's deadline.
    if (isAlbum || this.#turns === 0 || !this.#options.throughput.isKnown) return false;
    return this.#waitMs(job) > context.deadline.leftMs() * waitShare;
  }

  add(queued: QueuedJob): void {
    if (!this.#watch(queued)) return;
    const { job } = queued;
    if (job.kind === 'decode' && !isExpensive(job)) this.#lastCheapMs = this.#nowMs();
    if (job.kind === 'inference') this.#urgent.push(queued);
    else this.#queueOf(job).add(queued);
  }

  addFirst(queued: QueuedJob): void {
    this.#running.delete(queued);
    if (this.#watch(queued)) this.#urgent.unshift(queued);
    else this.#queueOf(queued.job).done(queued);
  }

  mayStart(job: JobClass): boolean {
    if (!isExpensive(job)) return true;
    let expensive = 0;
    for (const other of this.#running) if (isExpensive(other.job)) expensive += 1;
    return expensive < this.#expensiveChildren();
  }

  take(canStart: (job: Job) => boolean): QueuedJob | undefined {
    const may = ({ job }: QueuedJob) => this.mayStart(job) && canStart(job);
    const queued = this.#urgent.find(may) ?? this.#heads().find(may);
    if (!queued) return undefined;
    this.#unwatch(queued);
    if (!removeFrom(this.#urgent, queued)) this.#queueOf(queued.job).shift();
    this.#running.add(queued);
    return queued;
  }

  done(queued: QueuedJob): void {
    if (this.#running.delete(queued)) this.#queueOf(queued.job).done(queued);
  }

  rejectAll(reason: () => unknown): void {
    for (const queued of [...this.#watches.keys()]) this.#reject(queued, reason());
  }

  drainMs(children: number): number {
    return this.#options.throughput.drainMs(this.#cheap.waitingMs + this.#expensive.waitingMs, children);
  }

  #queueOf(job: JobClass): JobQueue {
    return isExpensive(job) ? this.#expensive : this.#cheap;
  }

  /** Children that expensive jobs may hold at once. One is reserved for cheap jobs while such arrive. */
  #expensiveChildren(): number {
    const children = this.#options.children();
    const isReserved = this.#nowMs() - this.#lastCheapMs < reservedForMs;
    return isReserved ? Math.max(1, children - 1) : children;
  }

  /** The estimated wait of a job that arrives now. */
  #waitMs(job: JobClass): number {
    const { throughput, children } = this.#options;
    const [cheap, expensive] = [this.#cheap, this.#expensive];
    if (isExpensive(job))
      return Math.max(
        throughput.drainMs(expensive.turnsMs, this.#expensiveChildren(), isExpensive),
        throughput.drainMs(expensive.turnsMs + cheap.turnsMs, children()),
      );
    // Expensive jobs that wait hold all the children that they may.
    const free = children() - (expensive.turns > 0 ? this.#expensiveChildren() : 0);
    return throughput.drainMs(cheap.turnsMs, free, (other) => !isExpensive(other));
  }

  /** The next job of each price class, the earliest turn first. */
  #heads(): QueuedJob[] {
    const heads = [this.#cheap.head, this.#expensive.head].filter((head) => head !== undefined);
    return heads.sort((one, other) => one.turnMs - other.turnMs).map(({ queued }) => queued);
  }

  /** Watches a job that waits. Rejects it and returns false if its wait is over. */
  #watch(queued: QueuedJob): boolean {
    try {
      throwIfOver(queued.context);
    } catch (reason) {
      queued.reject(reason);
      return false;
    }
    const stop = watchContext(queued.context, (reason) => this.#reject(queued, reason));
    this.#watches.set(queued, stop);
    return true;
  }

  #unwatch(queued: QueuedJob): void {
    this.#watches.get(queued)?.();
    this.#watches.delete(queued);
  }

  /** Rejects a job that waits. */
  #reject(queued: QueuedJob, reason: unknown): void {
    this.#unwatch(queued);
    const queue = this.#queueOf(queued.job);
    if (removeFrom(this.#urgent, queued)) queue.done(queued);
    else queue.remove(queued);
    queued.reject(reason);
  }
}
