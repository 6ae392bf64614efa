import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Analysis } from '../photo.ts';
import { photoErrorOf } from '../photo-errors.ts';
import { openChildLimits } from './child-limits.ts';
import type { FromChild, Job, ToChild } from './job.ts';

/** Why a child is gone: it ended, took too long, used too much memory, reported a fault, or the pool ended it. */
export type Loss = 'crashed' | 'hung' | 'memory' | 'broken' | 'replaced' | 'closed';

/** The child is gone, and the job has no result. */
export class ChildLostError extends Error {
  readonly loss: Loss;
  /** Whether the child ran the job. False for a job that waited in the child. */
  readonly hadStarted: boolean;
  constructor(loss: Loss, hadStarted: boolean) {
    super(`the child process is gone: ${loss}`);
    this.loss = loss;
    this.hadStarted = hadStarted;
  }
}

export interface ForkOptions {
  readonly childUrl: URL;
  /** The first message to the child. */
  readonly childOptions: unknown;
  /** Environment variables of the child. It inherits none: a process that decodes untrusted bytes needs no keys. */
  readonly childEnv?: Readonly<Record<string, string>>;
  /** Wall clock from the start of the process until it is ready. */
  readonly startTimeoutMs: number;
  /** Wall clock of one job. */
  readonly jobTimeoutMs: number;
  /** A child with a larger resident size is killed. */
  readonly maxRssBytes?: number;
}

export interface ChildEvents {
  ready(modelError: string | undefined): void;
  /** Called once. `detail`: the child's own report, or what it wrote to stderr before its first job. */
  lost(loss: Loss, detail: string | undefined): void;
}

export interface Child {
  readonly pid: number | undefined;
  /**
   * Runs jobs in the order of the calls. A job sent while another one runs waits in the child.
   * @param onStart called when the child starts the job
   * @throws PhotoError the photo is at fault
   * @throws ChildLostError
   */
  run(job: Job, onStart: () => void): Promise<Analysis>;
  kill(loss: Loss): void;
  /** Resolves when the system reports the end of the process. */
  readonly ended: Promise<void>;
}

const ownEnv = {
  /** One photo at a time: a second thread of libuv would only compete with the other children. */
  UV_THREADPOOL_SIZE: '1',
  MALLOC_ARENA_MAX: '2',
  /**
   * ONNX Runtime 1.29 and later otherwise reports machine, model and errors to its vendor, through a queue on disk. The
   * variable must be set before the library loads: https://github.com/microsoft/onnxruntime/pull/27379
   */
  ORT_DISABLE_TELEMETRY: '1',
};
/**
 * A child has few objects of its own. With a small heap the garbage collector frees finished photos sooner: this saves
 * 55 MB after uploads of 12 MB.
 */
const ownFlags = ['--max-semi-space-size=1', '--max-old-space-size=64'];
/** Lower than the server's: where every core decodes, the server still answers others. */
const childPriority = 5;
const detailBytes = 2000;

interface SentJob extends PromiseWithResolvers<Analysis> {
  readonly onStart: () => void;
}

/** Starts a child process that decodes, and limits its time and memory. */
export function forkChild(options: ForkOptions, events: ChildEvents): Child {
  const process = startProcess(options);
  const { pid } = process;
  const { maxRssBytes, startTimeoutMs, jobTimeoutMs } = options;
  const limits = openChildLimits({ pid, maxRssBytes }, (limit) => lose(limit));
  const ended = pid === undefined ? Promise.resolve() : endOf(process);
  /** The first one runs. */
  const jobs: SentJob[] = [];
  let isLost = false;
  let hadJob = false;
  let stderr = '';
  process.on('message', (message) => onMessage(message as FromChild));
  process.on('error', (error) => lose('crashed', error.message));
  process.on('disconnect', () => lose('crashed'));
  process.on('exit', () => lose('crashed'));
  process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (!hadJob) stderr = (stderr + text).slice(-detailBytes);
  });
  limits.start(startTimeoutMs);
  send({ type: 'start', options: options.childOptions });

  function send(message: ToChild): void {
    // `disconnect` also reports a channel that closes before the message is through.
    if (process.connected) process.send(message, (error) => error && lose('crashed'));
  }

  function onMessage(message: FromChild): void {
    if (isLost) return;
    switch (message.type) {
      case 'ready':
        limits.stop();
        events.ready(message.modelError);
        break;
      case 'start-failed':
      case 'broken':
        lose('broken', message.reason);
        break;
      case 'done':
        finish((job) => job.resolve(message.analysis));
        break;
      case 'refused':
        finish((job) => job.reject(photoErrorOf(message.code, message.text)));
        break;
      default:
        message satisfies never;
    }
  }

  function finish(settle: (job: SentJob) => void): void {
    const job = jobs.shift();
    limits.stop();
    startFirst();
    if (job) settle(job);
  }

  function startFirst(): void {
    const [job] = jobs;
    if (!job) return;
    limits.start(jobTimeoutMs, 'withMemory');
    job.onStart();
  }

  function lose(loss: Loss, detail = stderr.trim() || undefined): void {
    if (isLost) return;
    isLost = true;
    limits.stop();
    process.kill('SIGKILL');
    events.lost(loss, detail);
    for (const [index, job] of jobs.splice(0).entries()) job.reject(new ChildLostError(loss, index === 0));
  }

  return {
    pid,
    ended,
    kill: lose,
    run(job, onStart) {
      if (isLost) return Promise.reject(new ChildLostError('crashed', false));
      hadJob = true;
      const sent = { ...Promise.withResolvers<Analysis>(), onStart };
      jobs.push(sent);
      if (jobs.length === 1) startFirst();
      send({ type: 'job', job });
      return sent.promise;
    },
  };
}

function startProcess({ childUrl, childEnv }: ForkOptions): ChildProcess {
  const process = fork(childUrl, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...childEnv, ...ownEnv },
    execArgv: ownFlags,
  });
  if (process.pid !== undefined) lowerPriority(process.pid);
  return process;
}

function endOf(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => process.once('exit', () => resolve()));
}

/** Immediately, so that threads of the child inherit it. Where it is not permitted, nothing else changes. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, childPriority);
  } catch {
    // The process is gone, or this is not permitted.
  }
}
