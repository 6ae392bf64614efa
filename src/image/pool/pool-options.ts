import type { Logger } from 'pino';
import type { ForkOptions, Loss } from './child-process.ts';

export interface PoolHooks {
  /** A photo left its child with an answer or a PhotoError. */
  readonly jobDone?: (ranMs: number) => void;
  readonly childLost?: (loss: Loss) => void;
  /** A photo whose child was lost goes to another child. */
  readonly jobRetried?: () => void;
}

export interface PoolOptions extends Omit<ForkOptions, 'startTimeoutMs'> {
  /** How many children. */
  readonly size: number;
  /** Photos that may wait for a child: this many single ones, and this many of albums. */
  readonly queueLimit: number;
  /** How long a photo is refused after two children were lost with it. */
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
  /** Milliseconds until all present photos are done. */
  readonly drainMs: number;
  /** Why no child can infer, or decode at all. Absent if one can, and until one has reported an error. */
  readonly modelError?: string;
  readonly pids: readonly number[];
}
