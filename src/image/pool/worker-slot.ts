import type { Logger } from 'pino';
import { PhotoError } from '../../errors.ts';
import type { Analysis } from '../photo.ts';
import type { Child, ChildEvents, Loss } from './child-process.ts';
import type { Job } from './job.ts';
import { openRestartPolicy, type RestartPolicy } from './restart-policy.ts';

export interface WorkerSlotOptions {
  readonly fork: (events: ChildEvents) => Child;
  /** Pause before a child whose model fails is replaced. Doubles each time, up to a minute. */
  readonly modelRetryMs: number;
  readonly log: Logger;
  /** Called when the state changes. */
  readonly changed: () => void;
  readonly childLost: (loss: Loss) => void;
}

/** One place in the pool. It holds at most one child, and replaces a lost one. */
export interface WorkerSlot {
  readonly state: 'starting' | 'idle' | 'busy' | 'pausing' | 'closed';
  /** Jobs in the child. The first one runs. */
  readonly jobs: readonly Job[];
  /** Why the child can decode but not infer. */
  readonly modelError: string | undefined;
  /** Why no child starts any more. */
  readonly startError: string | undefined;
  readonly pid: number | undefined;
  /** Only when idle or busy. @throws PhotoError, ChildLostError */
  run(job: Job, onStart: () => void): Promise<Analysis>;
  /** Resolves when no process is left. */
  close(): Promise<void>;
}

/** Opens a slot and starts its first child. */
export function openWorkerSlot(options: WorkerSlotOptions): WorkerSlot {
  return new Slot(options);
}

class Slot implements WorkerSlot {
  state: WorkerSlot['state'] = 'starting';
  modelError: string | undefined;
  jobs: Job[] = [];
  readonly #options: WorkerSlotOptions;
  readonly #policy: RestartPolicy;
  #child: Child | undefined;
  #mustBeReplaced = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #processes = new Set<Child>();

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.#policy = openRestartPolicy(options.modelRetryMs);
    this.#start();
  }

  get startError(): string | undefined {
    return this.#policy.startError;
  }

  get pid(): number | undefined {
    return this.state === 'pausing' || this.state === 'closed' ? undefined : this.#child?.pid;
  }

  async run(job: Job, onStart: () => void): Promise<Analysis> {
    const [child, jobs] = [this.#child, this.jobs];
    if (!child || (this.state !== 'idle' && this.state !== 'busy'))
      throw new Error(`a ${this.state} slot can't run a job`);
    jobs.push(job);
    this.state = 'busy';
    try {
      const analysis = await child.run(job, onStart);
      if (this.modelError === undefined) this.#policy.jobDone();
      return analysis;
    } catch (error) {
      if (error instanceof PhotoError && this.modelError === undefined) this.#policy.jobDone();
      throw error;
    } finally {
      jobs.splice(jobs.indexOf(job), 1);
      if (this.#child === child) this.#jobLeft();
    }
  }

  async close(): Promise<void> {
    this.state = 'closed';
    clearTimeout(this.#timer);
    this.#child?.kill('closed');
    await Promise.all([...this.#processes].map(({ ended }) => ended));
  }

  #start(): void {
    this.modelError = undefined;
    this.jobs = [];
    this.state = 'starting';
    this.#mustBeReplaced = false;
    this.#child = undefined;
    let child: Child;
    try {
      child = this.#options.fork({
        ready: (modelError) => this.#child === child && this.#ready(modelError),
        lost: (loss, detail) => this.#child === child && this.#lost(loss, detail),
      });
    } catch (error) {
      this.#lost('crashed', String(error));
      return;
    }
    this.#child = child;
    this.#processes.add(child);
    void child.ended.then(() => this.#processes.delete(child));
  }

  #ready(modelError: string | undefined): void {
    this.state = 'idle';
    this.modelError = modelError;
    const pauseMs = this.#policy.started(modelError);
    if (pauseMs !== undefined) {
      const { log } = this.#options;
      log.error({ pid: this.pid, reason: modelError }, 'the local model failed its check and is not used');
      this.#timer = setTimeout(() => this.#replace(), pauseMs);
      this.#timer.unref();
    }
    this.#options.changed();
  }

  #replace(): void {
    this.#mustBeReplaced = true;
    if (this.state === 'idle') this.#child?.kill('replaced');
  }

  #jobLeft(): void {
    if (this.state === 'busy' && this.jobs.length === 0) {
      this.state = 'idle';
      if (this.#mustBeReplaced) this.#replace();
    }
    this.#options.changed();
  }

  #lost(loss: Loss, detail: string | undefined): void {
    const { state, pid } = this;
    clearTimeout(this.#timer);
    if (state === 'closed' || state === 'pausing') return;
    if (loss !== 'replaced') {
      const facts = { pid, loss, lostWhile: state, detail };
      this.#options.log.warn(facts, 'a decoding process was lost and is replaced');
      this.#options.childLost(loss);
    }
    const pauseMs = this.#policy.lost(loss, state, detail);
    if (pauseMs > 0) {
      this.state = 'pausing';
      this.#timer = setTimeout(() => this.#start(), pauseMs);
    } else this.#start();
    this.#options.changed();
  }
}
