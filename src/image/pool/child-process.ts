import { fork } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Analysis } from '../photo.ts';
import { photoErrorOf } from '../photo-errors.ts';
import type { FromChild, Job, ToChild } from './job.ts';
import { residentBytesOf } from './resident-memory.ts';

/** Why a child is gone: it ended by itself, was too slow, too large, said that it is of no use, or was let go. */
export type Loss = 'crashed' | 'hung' | 'memory' | 'broken' | 'replaced' | 'closed';

/** The child is gone, and the job that was in it has no result. */
export class ChildLostError extends Error {
  readonly loss: Loss;
  constructor(loss: Loss) {
    super(`the child process is gone: ${loss}`);
    this.loss = loss;
  }
}

export interface ForkOptions {
  readonly childUrl: URL;
  /** Sent to the child before anything else. */
  readonly childOptions: unknown;
  /** Variables of the child beside its own few. It inherits none: what decodes untrusted bytes needs no keys. */
  readonly childEnv?: Readonly<Record<string, string>>;
  /** Wall clock from spawning until it is ready. */
  readonly startTimeoutMs: number;
  /** Wall clock of one job. */
  readonly jobTimeoutMs: number;
  /** Above this resident size the child is killed. */
  readonly maxRssBytes?: number;
}

export interface ChildEvents {
  ready(modelError: string | undefined): void;
  /** Once, whatever the reason. `detail`: what the child said about it, or wrote before its first photo. */
  lost(loss: Loss, detail: string | undefined): void;
}

export interface Child {
  readonly pid: number | undefined;
  /**
   * One job at a time.
   * @throws PhotoError the photo is at fault
   * @throws ChildLostError
   */
  run(job: Job): Promise<Analysis>;
  kill(loss: Loss): void;
  /** Resolves when the system says that the process has ended. */
  readonly ended: Promise<void>;
}

const ownEnv = {
  /** One photo at a time: a second thread of libuv would only compete with the other children. */
  UV_THREADPOOL_SIZE: '1',
  MALLOC_ARENA_MAX: '2',
  /**
   * ONNX Runtime 1.29 and later otherwise tells its vendor about machine, model and errors, by a queue on disk. It has
   * to be said before the library is loaded, https://github.com/microsoft/onnxruntime/pull/27379
   */
  ORT_DISABLE_TELEMETRY: '1',
};
/**
 * A child's own objects are few. With small heaps the garbage collector lets go of photos that were done with sooner:
 * some 55 MB less after uploads of 12 MB.
 */
const ownFlags = ['--max-semi-space-size=1', '--max-old-space-size=64'];
/** Behind the server itself: where every core decodes, the one who answers others still gets its turn. */
const childPriority = 5;
const sampleEveryMs = 50;
/** A timer can be late because this process stood still; what the child said meanwhile is read before it is killed. */
const secondLookMs = 100;
const detailBytes = 2000;

/** Starts a child process that decodes, and watches over its time and memory. */
export function forkChild(options: ForkOptions, events: ChildEvents): Child {
  const ended = Promise.withResolvers<void>();
  let running: PromiseWithResolvers<Analysis> | undefined;
  let isLost = false;
  let hadPhoto = false;
  let detail = '';
  let watchdog: NodeJS.Timeout | undefined;
  let sampler: NodeJS.Timeout | undefined;

  const process = fork(options.childUrl, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...options.childEnv, ...ownEnv },
    execArgv: ownFlags,
  });
  process.on('message', (message) => hear(message as FromChild));
  process.on('error', (error) => lose('crashed', error.message));
  process.on('disconnect', () => lose('crashed'));
  process.on('exit', () => {
    lose('crashed');
    ended.resolve();
  });
  if (process.pid === undefined) ended.resolve();
  else stepBack(process.pid);
  process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (!hadPhoto) detail = (detail + text).slice(-detailBytes);
  });
  watch(options.startTimeoutMs);
  say({ type: 'start', options: options.childOptions });

  function say(message: ToChild): void {
    // A channel that is closed, or closes before the message is through, is reported by `disconnect` too.
    if (process.connected) process.send(message, (error) => error && lose('crashed'));
  }

  function hear(message: FromChild): void {
    if (isLost) return;
    switch (message.type) {
      case 'ready':
        rest();
        events.ready(message.modelError);
        break;
      case 'start-failed':
      case 'broken':
        lose('broken', message.reason);
        break;
      case 'done':
        settle()?.resolve(message.analysis);
        break;
      case 'refused':
        settle()?.reject(photoErrorOf(message.code, message.message));
        break;
      default:
        message satisfies never;
    }
  }

  /** Ends the watch over the running job and hands out its promise. */
  function settle(): PromiseWithResolvers<Analysis> | undefined {
    const settled = running;
    running = undefined;
    rest();
    return settled;
  }

  function watch(limitMs: number): void {
    watchdog = setTimeout(() => {
      watchdog = setTimeout(() => lose('hung'), secondLookMs);
    }, limitMs);
  }

  function sampleMemory(pid: number, maxRssBytes: number): void {
    sampler = setInterval(() => {
      if ((residentBytesOf(pid) ?? 0) > maxRssBytes) lose('memory');
    }, sampleEveryMs);
  }

  function rest(): void {
    clearTimeout(watchdog);
    clearInterval(sampler);
  }

  function lose(loss: Loss, reason = detail.trim() || undefined): void {
    if (isLost) return;
    isLost = true;
    rest();
    process.kill('SIGKILL');
    events.lost(loss, reason);
    running?.reject(new ChildLostError(loss));
    running = undefined;
  }

  return {
    pid: process.pid,
    ended: ended.promise,
    kill: lose,
    run(job) {
      if (isLost) return Promise.reject(new ChildLostError('crashed'));
      hadPhoto = true;
      running = Promise.withResolvers<Analysis>();
      watch(options.jobTimeoutMs);
      if (process.pid !== undefined && options.maxRssBytes !== undefined)
        sampleMemory(process.pid, options.maxRssBytes);
      say({ type: 'job', job });
      return running.promise;
    },
  };
}

/** At once, so that the threads the child starts are born so. Where it is not permitted, nothing else changes. */
function stepBack(pid: number): void {
  try {
    setPriority(pid, childPriority);
  } catch {
    // Gone already, or not permitted here.
  }
}
