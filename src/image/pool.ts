import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import { ChildLostError, type ForkOptions, forkChild, type Loss } from './child-process.ts';
import { isDear, openReserve } from './dear.ts';
import type { Cost } from './firewall/limits.ts';
import { openForesight } from './foresight.ts';
import type { Job } from './job.ts';
import type { Analysis } from './photo.ts';
import { noChildStarts, overloaded, shuttingDown, stoppedTwo, tooMuchMemory } from './pool-errors.ts';
import { openSlot, type Slot } from './slot.ts';
import { openWaitingLine, type Ride, type RideContext } from './waiting-line.ts';
import { openWorkload } from './workload.ts';

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
  /** Photos that may wait for a child. */
  readonly queueLimit: number;
  /** Work that may wait for a child, as the time in which it is done. */
  readonly queueMs?: number;
  /** How long a photo that two children were lost with is refused at once. */
  readonly refuseForMs?: number;
  readonly startTimeoutMs?: number;
  /** Rest before an unfit child is replaced for the first time; doubles up to a minute. */
  readonly unfitRestMs?: number;
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
  readonly unfit?: string;
  readonly pids: readonly number[];
}

/** Child processes in which untrusted bytes are decoded and the local network runs. */
export interface Pool {
  /**
   * Once begun it goes on to its end: deadline and signal count while the photo waits. Where only the model is
   * unfit, the analysis comes without probabilities.
   * @throws PhotoError the photo is at fault, also when two children were lost with it in them
   * @throws DeadlineError
   * @throws UnavailableError overloaded, no_classifier when no child can start, shutting_down
   */
  analyse(job: Job, context: RideContext): Promise<Analysis>;
  /** Resolves when the first child is ready. @throws UnavailableError no child can start; the pool keeps trying */
  ready(): Promise<void>;
  status(): PoolStatus;
  /** Finishes what it has for at most that long; no process is left. */
  close(limitMs?: number): Promise<void>;
}

const maxLosses = 2;
const mostRefused = 10_000;

export function openPool(options: PoolOptions): Pool {
  const { size, queueLimit, queueMs = 60_000, refuseForMs = 3_600_000 } = options;
  const { startTimeoutMs = 30_000, unfitRestMs = 5000, maxRssBytes = Infinity, log, hooks = {} } = options;
  const line = openWaitingLine();
  const workload = openWorkload();
  const reserve = openReserve();
  /** SHA-256 of photos that two children were lost with. */
  const refused = new LRUCache<string, true>({ max: mostRefused, ttl: refuseForMs });
  const readiness = new Set<PromiseWithResolvers<void>>();
  const idleness = Promise.withResolvers<void>();
  let isClosing = false;
  let isClosed = false;
  const slots: Slot[] = [];
  /** Of what each slot works on, or did last. */
  const costs = new Map<Slot, Cost>();
  for (let index = 0; index < size; index++)
    slots.push(
      openSlot({
        fork: (events) => forkChild({ ...options, startTimeoutMs }, events),
        unfitRestMs,
        log,
        changed: dispatch,
        childLost: (loss) => hooks.childLost?.(loss),
      }),
    );

  const isWorking = ({ state }: Slot) => state === 'idle' || state === 'busy';
  const isBusy = ({ state }: Slot) => state === 'busy';
  const isIdle = ({ state }: Slot) => state === 'idle';
  const isFit = (slot: Slot) => isWorking(slot) && slot.unfit === undefined;

  const children = () => slots.filter((slot) => isWorking(slot) || slot.state === 'starting').length;
  /** How many children may hold such photos at once. */
  const placesFor = ({ cost }: Job) => reserve.placesFor(cost, children());
  const foresight = openForesight({ line, workload, queueLimit, queueMs, children, placesFor });

  function hasPlace(job: Job): boolean {
    if (!isDear(job.cost)) return true;
    const dear = slots.filter((slot) => isBusy(slot) && isDear(costs.get(slot) ?? job.cost));
    return dear.length < placesFor(job);
  }

  /** An unfit child works only where no fit one could. */
  function slotFor(job: Job): Slot | undefined {
    if (!hasPlace(job)) return undefined;
    const idle = slots.filter(isIdle);
    const fit = idle.find(isFit);
    if (fit || (job.wants.infer && slots.some(isFit))) return fit;
    return idle[0];
  }

  function brokenReason(): string | undefined {
    return slots.every(({ failing }) => failing !== undefined) ? slots[0]?.failing : undefined;
  }

  function dispatch(): void {
    if (slots.length < size) return;
    const canGo = ({ job }: Ride) => slotFor(job) !== undefined;
    while (slots.some(isIdle)) {
      const ride = line.first(canGo);
      const slot = ride && slotFor(ride.job);
      if (!slot) break;
      line.leave(ride);
      void travel(ride, slot);
    }
    const broken = brokenReason() !== undefined;
    if (broken) for (let ride = line.first(); ride; ride = line.first()) turnAway(ride, noChildStarts());
    if (broken || slots.some(isWorking))
      for (const waiter of readiness) {
        if (broken) waiter.reject(noChildStarts());
        else waiter.resolve();
        readiness.delete(waiter);
      }
    if (isClosing && line.length === 0 && !slots.some(isBusy)) idleness.resolve();
  }

  async function travel(ride: Ride, slot: Slot): Promise<void> {
    const startedMs = performance.now();
    const end = workload.begin(ride.job);
    costs.set(slot, ride.job.cost);
    try {
      const analysis = await slot.run(ride.job);
      end(true);
      hooks.jobDone?.(performance.now() - startedMs);
      ride.resolve(analysis);
    } catch (error) {
      end(false);
      if (!(error instanceof ChildLostError)) {
        if (error instanceof AppError) hooks.jobDone?.(performance.now() - startedMs);
        return ride.reject(error);
      }
      ride.losses += 1;
      if (isClosed) return ride.reject(shuttingDown());
      if (ride.losses >= maxLosses) {
        refused.set(ride.job.sha256, true);
        return ride.reject(stoppedTwo());
      }
      hooks.jobRetried?.();
      line.join(ride, 'first');
      dispatch();
    }
  }

  function turnAway(ride: Ride, reason: AppError): void {
    line.leave(ride);
    ride.reject(reason);
  }

  /** Whether a photo that comes now had better come again later. */
  function hasNoRoom(job: Job, context: RideContext): boolean {
    if (slotFor(job)) return false;
    return foresight.isFull(job) || foresight.isInVain(job, context);
  }

  return {
    async analyse(job, context) {
      if (isClosing) throw shuttingDown();
      if (brokenReason() !== undefined) throw noChildStarts();
      if (refused.has(job.sha256)) throw stoppedTwo();
      if (job.cost.megabytes * 1e6 > maxRssBytes) throw tooMuchMemory();
      const isNew = job.format !== 'pixels';
      if (isNew) reserve.came(job.cost);
      // What was let in once is not turned away between its two passes.
      if (isNew && hasNoRoom(job, context)) throw overloaded(foresight.drainMs(placesFor(job)));
      const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
      line.join({ job, context, resolve, reject, losses: 0 }, 'by turn');
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
      const unfit = slots.some(isFit)
        ? undefined
        : (brokenReason() ?? slots.find((slot) => slot.unfit)?.unfit);
      return {
        size,
        ready: slots.filter(isWorking).length,
        busy: slots.filter(isBusy).length,
        queued: line.length,
        drainMs: foresight.drainMs(slots.filter(isWorking).length),
        ...(unfit !== undefined && { unfit }),
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
      for (let ride = line.first(); ride; ride = line.first()) turnAway(ride, shuttingDown());
      for (const waiter of readiness) waiter.reject(shuttingDown());
      await Promise.all(slots.map((slot) => slot.close()));
    },
  };
}
