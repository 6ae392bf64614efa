import { PhotoError } from '../../errors.ts';
import type { Analysis } from '../photo.ts';
import type { FromChild, Job, ToChild } from './job.ts';
import { endWithParent } from './orphan-watch.ts';

/** What a child process does once it has started. */
export interface Worker {
  /** Why it can decode but not infer. */
  readonly modelError?: string;
  /** @throws PhotoError the photo is at fault; after any other error the process is replaced */
  run(job: Job): Promise<Analysis>;
}

/**
 * The child's half of the pool: runs the parent's jobs one after another, until the parent ends it or is gone.
 * Ctrl-C in a terminal and a stopping container signal the whole process group. Only the parent acts on such a signal,
 * because it needs its children to finish.
 */
export function serveJobs(open: (options: unknown) => Promise<Worker>): void {
  let worker: Worker | undefined;
  let last = Promise.resolve();
  endWithParent();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  // Not process.exit(): it would wait for a decoder that is stuck in native code.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', (message: ToChild) => {
    last = last.then(() => onMessage(message));
  });

  async function onMessage(message: ToChild): Promise<void> {
    send(message.type === 'job' ? await answerTo(message.job) : await start(message.options));
  }

  async function start(options: unknown): Promise<FromChild> {
    try {
      worker = await open(options);
      const { modelError } = worker;
      return { type: 'ready', ...(modelError !== undefined && { modelError }) };
    } catch (error) {
      return { type: 'start-failed', reason: reasonOf(error) };
    }
  }

  async function answerTo(job: Job): Promise<FromChild> {
    try {
      if (!worker) throw new Error('a job came before the start was through');
      return { type: 'done', analysis: await worker.run(job) };
    } catch (error) {
      if (error instanceof PhotoError) return { type: 'refused', code: error.code, text: error.text };
      return { type: 'broken', reason: reasonOf(error) };
    }
  }
}

function send(message: FromChild): void {
  if (!process.send) throw new Error('this program only runs as a child of the pool');
  process.send(message, (error: Error | null) => error && process.kill(process.pid, 'SIGKILL'));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
}
