import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { answerScrapes } from './cluster-metrics.ts';

export interface PrimaryOptions {
  readonly workers: number;
  readonly log: Logger;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A worker that ran for this long started successfully. */
const stableMs = 60_000;

/**
 * Runs workers on one port and replaces each that dies, after a pause that doubles while they die early. SIGTERM or
 * SIGINT, once or more, ends all workers and then this process, with 0 if every worker drained.
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
      // A worker that is still starting has nothing to drain; the signal ends it.
      if (end.code !== 0 && end.signal !== 'SIGTERM') failures += 1;
      if (Object.keys(cluster.workers ?? {}).length === 0) process.exit(failures === 0 ? 0 : 1);
      return;
    }
    pauseMs = end.ageMs > stableMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
    log.error({ worker: worker.id, ...end, pauseMs }, 'a worker ended; another one starts after a pause');
    setTimeout(() => !isStopping && start(), pauseMs).unref();
    // Without workers only the timer keeps this process alive.
    if (Object.keys(cluster.workers ?? {}).length === 0) setTimeout(() => {}, pauseMs + 100);
  }

  function stop(signal: NodeJS.Signals): void {
    const running = Object.values(cluster.workers ?? {});
    if (!isStopping) log.info({ signal, workers: running.length }, 'stopping the workers');
    isStopping = true;
    if (running.length === 0) process.exit(0);
    // They may have received the signal as part of the process group; a second one changes nothing.
    for (const worker of running) worker?.process.kill('SIGTERM');
  }

  // Workers accept connections themselves. By default the primary hands connections over, and one that it hands to a
  // worker that was just killed is lost: its client waits for ever.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  answerScrapes();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  log.info({ workers }, 'starting the workers');
  for (let index = 0; index < workers; index += 1) start();
}
