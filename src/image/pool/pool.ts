import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { AppError } from '../../errors.ts';
import type { AnalyseContext, Analysis } from '../photo.ts';
import { ChildLostError, type ForkOptions, forkChild, type Loss } from './child-process.ts';
import type { Job, QueuedJob } from './job.ts';
import { noChildStarts, overloaded, shuttingDown, stoppedTwo, tooMuchMemory } from './pool-errors.ts';
import { openScheduler } from './scheduler.ts';
import { openThroughputEstimate } from './throughput-estimate.ts';
import { openWorkerSlot, type WorkerSlot } from './worker-slot.ts';

export interface PoolHooks {
  /** A photo left its child with an answer or a PhotoError. */
  readonly jobDone?: (ranMs: number) => void;
  readonly childLost?: (loss: Loss) => void;
  /** A photo whose child was lost goes into another one. */
  readonly jobRetried?: () => void;
}

export interface PoolOptions extends Omit<ForkOptions, 'startTimeoutMs'> {
  /** How many children. */
  readonly size: number;
  /** Photos that may wait for a child: so many single ones, and so many of albums. */
  readonly queueLimit: number;
  /** How long a photo that two children were lost with is refused at once. */
  readonly refuseForMs?: number;
  readonly startTimeoutMs?: number;
  /** Pause before a child whose model fails is replaced. Doubles each time, up to a minute. */
  readonly modelRetryMs?: number;
  readonly log: Logger;
  readonly hooks?: PoolHooks;
}

export interface PoolStatus {
  readonly size: number;
  /** Children that can work, busy ones included. */
  readonly ready: number;
  readonly busy: number;
  readonly queued: number;
  /** Until all photos that are there now are done. */
  readonly drainMs: number;
  /** Why no child can infer, or decode at all; absent where one can, and while none has said that it can't. */
  readonly modelError?: string;
  readonly pids: readonly number[];
}

/** Child processes in which untrusted bytes are decoded and the local network runs. */
export interface Pool {
  /**
   * Once begun it goes on to its end: deadline and signal count while the job waits. Where only the model fails,
   * the analysis comes without probabilities.
   * @throws PhotoError the photo is at fault, also when two children were lost with it in them
   * @throws DeadlineError
   * @throws UnavailableError overloaded, no_classifier when no child can start, shutting_down
   */
  analyse(job: Job, context: AnalyseContext): Promise<Analysis>;
  /** Resolves when the first child is ready. @throws UnavailableError no child can start; the pool keeps trying */
  ready(): Promise<void>;
  status(): PoolStatus;
  /** Finishes what it has for at most that long; no process is left. */
  close(limitMs?: number): Promise<void>;
}

const maxLosses = 2;
const mostRefused = 10_000;

export function openPool(options: PoolOptions): Pool {
  const { size, queueLimit, refuseForMs = 3_600_000, startTimeoutMs = 30_000, modelRetryMs = 5000 } = options;
  const { maxRssBytes = Infinity, log, hooks = {} } = options;
  /** SHA-256 of photos that two children were lost with. */
  const refused = new LRUCache<string, true>({ max: mostRefused, ttl: refuseForMs });
  const readiness = new Set<PromiseWithResolvers<void>>();
  const idleness = Promise.withResolvers<void>();
  let isClosing = false;
  let isClosed = false;
  const slots: WorkerSlot[] = [];
  const throughput = openThroughputEstimate();
  // Enough photos of albums to keep the children busy; a single photo then finds a short queue.
  const scheduler = openScheduler({ throughput, queueLimit, albumTurns: size + 1, children });
  for (let index = 0; index < size; index++)
    slots.push(
      openWorkerSlot({
        fork: (events) => forkChild({ ...options, startTimeoutMs }, events),
        modelRetryMs,
        log,
        changed: dispatch,
        childLost: (loss) => hooks.childLost?.(loss),
      }),
    );

  function children(): number {
    return slots.filter((slot) => isWorking(slot) || slot.state === 'starting').length;
  }

  /** A child whose model fails works only if no child has a working model. */
  function slotFor({ wants }: Job): WorkerSlot | undefined {
    const idle = slots.filter(isIdle);
    const fit = idle.find(hasModel);
    if (fit || (wants.infer && slots.some(hasModel))) return fit;
    return idle[0];
  }

  function brokenReason(): string | undefined {
    return slots.every(({ failing }) => failing !== undefined) ? slots[0]?.failing : undefined;
  }

  function dispatch(): void {
    if (slots.length < size) return;
    while (slots.some(isIdle)) {
      const queued = scheduler.take((job) => slotFor(job) !== undefined);
      const slot = queued && slotFor(queued.job);
      if (!slot) break;
      void run(queued, slot);
    }
    const broken = brokenReason() !== undefined;
    if (broken) scheduler.rejectAll(noChildStarts);
    if (broken || slots.some(isWorking))
      for (const waiter of readiness) {
        if (broken) waiter.reject(noChildStarts());
        else waiter.resolve();
        readiness.delete(waiter);
      }
    if (isClosing && scheduler.length === 0 && !slots.some(isBusy)) idleness.resolve();
  }

  async function run(queued: QueuedJob, slot: WorkerSlot): Promise<void> {
    const { job } = queued;
    const startedMs = performance.now();
    const end = throughput.begin(job);
    try {
      const analysis = await slot.run(job);
      end(true);
      hooks.jobDone?.(performance.now() - startedMs);
      queued.resolve(analysis);
    } catch (error) {
      end(false);
      if (error instanceof ChildLostError) return childLost(queued);
      if (error instanceof AppError) hooks.jobDone?.(performance.now() - startedMs);
      queued.reject(error);
    }
    scheduler.done(queued);
    dispatch();
  }

  function childLost(queued: QueuedJob): void {
    queued.losses += 1;
    if (!isClosed && queued.losses < maxLosses) {
      hooks.jobRetried?.();
      scheduler.addFirst(queued);
    } else {
      scheduler.done(queued);
      if (!isClosed) refused.set(queued.job.sha256, true);
      queued.reject(isClosed ? shuttingDown() : stoppedTwo());
    }
    dispatch();
  }

  return {
    async analyse(job, context) {
      if (isClosing) throw shuttingDown();
      if (brokenReason() !== undefined) throw noChildStarts();
      if (refused.has(job.sha256)) throw stoppedTwo();
      if (job.cost.megabytes * 1e6 > maxRssBytes) throw tooMuchMemory();
      const canStart = scheduler.mayStart(job) && slotFor(job) !== undefined;
      if (!canStart && scheduler.isOverloaded(job, context)) throw overloaded(scheduler.drainMs(children()));
      const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
      scheduler.add({ job, context, resolve, reject, losses: 0 });
      dispatch();
      return promise;
    },
    ready() {
      const waiter = Promise.withResolvers<void>();
      readiness.add(waiter);
      dispatch();
      return waiter.promise;
    },
    status() {
      const modelError = slots.some(hasModel)
        ? undefined
        : (brokenReason() ?? slots.find((slot) => slot.modelError)?.modelError);
      return {
        size,
        ready: slots.filter(isWorking).length,
        busy: slots.filter(isBusy).length,
        queued: scheduler.length,
        drainMs: scheduler.drainMs(slots.filter(isWorking).length),
        ...(modelError !== undefined && { modelError }),
        pids: slots.flatMap(({ pid }) => pid ?? []),
      };
    },
    async close(limitMs = 10_000) {
      isClosing = true;
      const limit = setTimeout(idleness.resolve, limitMs);
      dispatch();
      await idleness.promise;
      clearTimeout(limit);
      isClosed = true;
      scheduler.rejectAll(shuttingDown);
      for (const waiter of readiness) waiter.reject(shuttingDown());
      await Promise.all(slots.map((slot) => slot.close()));
    },
  };
}

const isWorking = ({ state }: WorkerSlot) => state === 'idle' || state === 'busy';
const isBusy = ({ state }: WorkerSlot) => state === 'busy';
const isIdle = ({ state }: WorkerSlot) => state === 'idle';
const hasModel = (slot: WorkerSlot) => isWorking(slot) && slot.modelError === undefined;
