import { LRUCache } from 'lru-cache';
import { AppError } from '../../errors.ts';
import type { AnalyseContext, Analysis } from '../photo.ts';
import { ChildLostError, forkChild } from './child-process.ts';
import { isExpensive, type Job, type QueuedJob } from './job.ts';
import { noChildStarts, overloaded, shuttingDown, stoppedTwo, tooMuchMemory } from './pool-errors.ts';
import type { PoolOptions, PoolStatus } from './pool-options.ts';
import { type JobClass, openScheduler, type Scheduler } from './scheduler.ts';
import { openThroughputEstimate } from './throughput-estimate.ts';
import { openWorkerSlot, type WorkerSlot } from './worker-slot.ts';

/** Child processes that decode untrusted bytes and run the local model. */
export interface Pool {
  /**
   * Deadline and signal end the wait in the queue. A job in a child runs to its end. If only the model fails, the
   * analysis has no probabilities.
   * @throws PhotoError the photo is at fault, also when two children were lost with it
   * @throws DeadlineError
   * @throws UnavailableError overloaded, no_classifier when no child can start, shutting_down
   */
  analyse(job: Job, context: AnalyseContext): Promise<Analysis>;
  /**
   * Rejects a photo whose bytes have not arrived, if an ordinary one would be rejected.
   * @throws UnavailableError overloaded
   */
  checkRoom(context: AnalyseContext): void;
  /** Resolves when the first child is ready. @throws UnavailableError no child can start; the pool keeps trying */
  ready(): Promise<void>;
  status(): PoolStatus;
  /** Finishes its jobs for at most this long. No process is left. */
  close(limitMs?: number): Promise<void>;
}

const maxLosses = 2;
const mostRefused = 10_000;

/** An ordinary photo, before its bytes are known. */
const ordinary: JobClass = {
  kind: 'decode',
  cost: { cpuMs: 0, megabytes: 0 },
  wants: { rendition: true, infer: false },
};

export function openPool(options: PoolOptions): Pool {
  return new ProcessPool(options);
}

class ProcessPool implements Pool {
  readonly #options: PoolOptions;
  readonly #slots: WorkerSlot[] = [];
  readonly #throughput = openThroughputEstimate();
  readonly #scheduler: Scheduler;
  /** SHA-256 of photos with which two children were lost. */
  readonly #refused: LRUCache<string, true>;
  readonly #readiness = new Set<PromiseWithResolvers<void>>();
  readonly #idleness = Promise.withResolvers<void>();
  #isClosing = false;
  #isClosed = false;

  constructor(options: PoolOptions) {
    const {
      size,
      queueLimit,
      refuseForMs = 3_600_000,
      startTimeoutMs = 30_000,
      modelRetryMs = 5000,
    } = options;
    this.#options = options;
    this.#refused = new LRUCache({ max: mostRefused, ttl: refuseForMs });
    this.#scheduler = openScheduler({
      throughput: this.#throughput,
      queueLimit,
      // Enough photos of albums to keep the children busy. A single photo then meets a short queue.
      albumTurns: 2 * size,
      children: () => this.#children(),
    });
    for (let index = 0; index < size; index++)
      this.#slots.push(
        openWorkerSlot({
          fork: (events) => forkChild({ ...options, startTimeoutMs }, events),
          modelRetryMs,
          log: options.log,
          changed: () => this.#dispatch(),
          childLost: (loss) => options.hooks?.childLost?.(loss),
        }),
      );
  }

  async analyse(job: Job, context: AnalyseContext): Promise<Analysis> {
    if (this.#isClosing) throw shuttingDown();
    if (this.#startError() !== undefined) throw noChildStarts();
    if (this.#refused.has(job.sha256)) throw stoppedTwo();
    if (job.cost.megabytes * 1e6 > (this.#options.maxRssBytes ?? Infinity)) throw tooMuchMemory();
    const canStart = this.#scheduler.mayStart(job) && this.#idleSlotFor(job) !== undefined;
    if (!canStart) this.#checkRoom(job, context);
    const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
    this.#scheduler.add({ job, context, resolve, reject, losses: 0 });
    this.#dispatch();
    return promise;
  }

  checkRoom(context: AnalyseContext): void {
    if (!this.#slots.some(isIdle)) this.#checkRoom(ordinary, context);
  }

  ready(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#readiness.add(waiter);
    this.#dispatch();
    return waiter.promise;
  }

  status(): PoolStatus {
    const slots = this.#slots;
    const modelError = slots.some(hasModel)
      ? undefined
      : (this.#startError() ?? slots.find((slot) => slot.modelError)?.modelError);
    const ready = slots.filter(isWorking).length;
    return {
      size: slots.length,
      ready,
      busy: slots.filter(isBusy).length,
      queued: this.#scheduler.length,
      drainMs: this.#scheduler.drainMs(ready),
      ...(modelError !== undefined && { modelError }),
      pids: slots.flatMap(({ pid }) => pid ?? []),
    };
  }

  async close(limitMs = 10_000): Promise<void> {
    this.#isClosing = true;
    const limit = setTimeout(this.#idleness.resolve, limitMs);
    this.#dispatch();
    await this.#idleness.promise;
    clearTimeout(limit);
    this.#isClosed = true;
    this.#scheduler.rejectAll(shuttingDown);
    for (const waiter of this.#readiness) waiter.reject(shuttingDown());
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  /** Children that can work, or will soon. */
  #children(): number {
    return this.#slots.filter((slot) => isWorking(slot) || slot.state === 'starting').length;
  }

  #startError(): string | undefined {
    const isHopeless = this.#slots.every(({ startError }) => startError !== undefined);
    return isHopeless ? this.#slots[0]?.startError : undefined;
  }

  #checkRoom(job: JobClass, context: AnalyseContext): void {
    if (this.#scheduler.isOverloaded(job, context))
      throw overloaded(this.#scheduler.drainMs(this.#children()));
  }

  #idleSlotFor(job: Job): WorkerSlot | undefined {
    return this.#bestFor(job, this.#slots.filter(isIdle));
  }

  /** A child that runs a cheap job takes the next one along, so that it never waits for this process. */
  #busySlotFor(job: Job): WorkerSlot | undefined {
    if (isExpensive(job)) return undefined;
    const next = this.#slots.filter(
      ({ state, jobs: [running, ...waiting] }) =>
        state === 'busy' && running && !isExpensive(running) && waiting.length === 0,
    );
    return this.#bestFor(job, next);
  }

  /** A child whose model fails infers for no job while another child's model works. */
  #bestFor({ wants }: Job, slots: readonly WorkerSlot[]): WorkerSlot | undefined {
    const best = slots.find(hasModel);
    if (best || (wants.infer && this.#slots.some(hasModel))) return best;
    return slots[0];
  }

  #dispatch(): void {
    const { size } = this.#options;
    if (this.#slots.length < size) return;
    if (this.#slots.some(isIdle)) this.#fill((job) => this.#idleSlotFor(job));
    // With fewer jobs, one could wait in a child while another child is idle.
    if (this.#scheduler.length > size) this.#fill((job) => this.#busySlotFor(job));
    const isHopeless = this.#startError() !== undefined;
    if (isHopeless) this.#scheduler.rejectAll(noChildStarts);
    if (isHopeless || this.#slots.some(isWorking)) this.#settleReadiness(isHopeless);
    if (this.#isClosing && this.#scheduler.length === 0 && !this.#slots.some(isBusy))
      this.#idleness.resolve();
  }

  #settleReadiness(isHopeless: boolean): void {
    for (const waiter of this.#readiness) {
      if (isHopeless) waiter.reject(noChildStarts());
      else waiter.resolve();
    }
    this.#readiness.clear();
  }

  #fill(slotFor: (job: Job) => WorkerSlot | undefined): void {
    for (;;) {
      const queued = this.#scheduler.take((job) => slotFor(job) !== undefined);
      const slot = queued && slotFor(queued.job);
      if (!slot) return;
      void this.#run(queued, slot);
    }
  }

  async #run(queued: QueuedJob, slot: WorkerSlot): Promise<void> {
    const { job } = queued;
    const { jobDone } = this.#options.hooks ?? {};
    let startedMs = performance.now();
    let end: ((isDone: boolean) => void) | undefined;
    const onStart = () => {
      startedMs = performance.now();
      end = this.#throughput.begin(job);
    };
    try {
      const analysis = await slot.run(job, onStart);
      end?.(true);
      jobDone?.(performance.now() - startedMs);
      queued.resolve(analysis);
    } catch (error) {
      end?.(false);
      if (error instanceof ChildLostError) return this.#childLost(queued, error);
      if (error instanceof AppError) jobDone?.(performance.now() - startedMs);
      queued.reject(error);
    }
    this.#scheduler.done(queued);
    this.#dispatch();
  }

  #childLost(queued: QueuedJob, { hadStarted }: ChildLostError): void {
    if (hadStarted) queued.losses += 1;
    if (!this.#isClosed && queued.losses < maxLosses) {
      if (hadStarted) this.#options.hooks?.jobRetried?.();
      this.#scheduler.addFirst(queued);
    } else {
      this.#scheduler.done(queued);
      if (!this.#isClosed) this.#refused.set(queued.job.sha256, true);
      queued.reject(this.#isClosed ? shuttingDown() : stoppedTwo());
    }
    this.#dispatch();
  }
}

const isWorking = ({ state }: WorkerSlot) => state === 'idle' || state === 'busy';
const isBusy = ({ state }: WorkerSlot) => state === 'busy';
const isIdle = ({ state }: WorkerSlot) => state === 'idle';
const hasModel = (slot: WorkerSlot) => isWorking(slot) && slot.modelError === undefined;
