import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { answerScrapes } from './cluster-metrics.ts';

export interface PrimaryOptions {
  readonly workers: number;
  readonly log: Logger;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A worker that ran for so long did not die of its start. */
const stableMs = 60_000;

/**
 * Runs that many workers on one port and starts a new one for each that dies, after a pause that doubles while they
 * die young. SIGTERM or SIGINT, however often, ends all of them and then this process: 0 when every worker drained.
 */
export function runPrimary({ workers, log }: PrimaryOptions): void {
  let isStopping = false;
  let pauseMs = firstPauseMs;
  let failures = 0;

  function start(): void {
    const startedMs = performance.now();
    const worker = cluster.fork();
    worker.once('exit', (code, signal) =>
      ended(worker, { code, signal, ageMs: performance.now() - startedMs }),
    );
  }

  function ended(worker: Worker, end: { code: number | null; signal: string | null; ageMs: number }): void {
    if (isStopping) {
      // A worker that is still starting has nothing to drain and dies of the signal.
      if (end.code !== 0 && end.signal !== 'SIGTERM') failures += 1;
      if (Object.keys(cluster.workers ?? {}).length === 0) process.exit(failures === 0 ? 0 : 1);
      return;
    }
    pauseMs = end.ageMs > stableMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
    log.error({ worker: worker.id, ...end, pauseMs }, 'a worker ended; another one starts after a pause');
    setTimeout(() => !isStopping && start(), pauseMs).unref();
    // With every worker gone the timer alone has to keep this process.
    if (Object.keys(cluster.workers ?? {}).length === 0) setTimeout(() => {}, pauseMs + 100);
  }

  function stop(signal: NodeJS.Signals): void {
    const running = Object.values(cluster.workers ?? {});
    if (!isStopping) log.info({ signal, workers: running.length }, 'stopping the workers');
    isStopping = true;
    if (running.length === 0) process.exit(0);
    // A signal to the process group has reached them already; they take the second one calmly.
    for (const worker of running) worker?.process.kill('SIGTERM');
  }

  // Workers accept by themselves: the default, which hands connections over, loses those handed to a worker that has
  // just been killed, and their clients wait for ever.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  answerScrapes();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  log.info({ workers }, 'starting the workers');
  for (let index = 0; index < workers; index += 1) start();
}
