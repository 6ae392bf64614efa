import { PhotoError } from '../../errors.ts';
import type { Analysis } from '../photo.ts';
import type { FromChild, Job, ToChild } from './job.ts';
import { endWithParent } from './orphan-watch.ts';

/** What a child process can do once it has started. */
export interface Worker {
  /** Why it can decode but not infer. */
  readonly modelError?: string;
  /** @throws PhotoError the photo is at fault; after any other error the process is replaced */
  run(job: Job): Promise<Analysis>;
}

/**
 * The child's half of the pool: takes one job at a time from the parent, until the parent ends it or is gone itself.
 * Signals for the whole process group (Ctrl-C in a terminal, a stopping container) are the parent's to act on: what
 * it still has to finish needs its children.
 */
export function serveJobs(open: (options: unknown) => Promise<Worker>): void {
  let worker: Worker | undefined;
  endWithParent();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  // Not process.exit(): it would wait for a decoder that is stuck in native code.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', (message) => void hear(message as ToChild));

  async function hear(message: ToChild): Promise<void> {
    if (message.type === 'job') return say(await answer(message.job));
    try {
      worker = await open(message.options);
      say({ type: 'ready', ...(worker.modelError !== undefined && { modelError: worker.modelError }) });
    } catch (error) {
      say({ type: 'start-failed', reason: wordsOf(error) });
    }
  }

  async function answer(job: Job): Promise<FromChild> {
    try {
      if (!worker) throw new Error('a job came before the start was through');
      return { type: 'done', analysis: await worker.run(job) };
    } catch (error) {
      if (error instanceof PhotoError) return { type: 'refused', code: error.code, message: error.message };
      return { type: 'broken', reason: wordsOf(error) };
    }
  }
}

function say(message: FromChild): void {
  if (!process.send) throw new Error('this program only runs as a child of the pool');
  process.send(message, (error: Error | null) => error && process.kill(process.pid, 'SIGKILL'));
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
}
