import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { answerScrapes } from './cluster-metrics.ts';
import { cannotStart } from './exit-codes.ts';
import { watchHeartbeats } from './heartbeat.ts';

export interface PrimaryOptions {
  readonly workers: number;
  /** Time in which all workers end after SIGTERM. */
  readonly stopTimeoutMs: number;
  readonly log: Logger;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A worker that ran for so long did not die of its start. */
const stableMs = 60_000;

/**
 * Runs that many workers on one port and starts a new one for each that ends, after a pause that doubles while they end
 * early. A worker whose event loop hangs is killed. SIGTERM or SIGINT, however often, ends all workers and then this
 * process: 0 when every worker drained. A worker that can't start at all ends everything with 1.
 */
export function runPrimary({ workers, stopTimeoutMs, log }: PrimaryOptions): void {
  let isStopping = false;
  let pauseMs = firstPauseMs;
  let failures = 0;
  const running = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);

  function start(): void {
    const startedMs = performance.now();
    const worker = cluster.fork();
    watchHeartbeats(worker, () => {
      log.error({ worker: worker.id }, 'a worker hangs and is killed');
      worker.process.kill('SIGKILL');
    });
    worker.once('exit', (code, signal) =>
      ended(worker, { code, signal, ageMs: performance.now() - startedMs }),
    );
  }

  function ended(worker: Worker, end: { code: number | null; signal: string | null; ageMs: number }): void {
    if (end.code === cannotStart) {
      failures += 1;
      if (!isStopping) stop('a worker cannot start');
    }
    if (isStopping) {
      // A worker that is still starting has nothing to drain and dies of the signal.
      if (end.code !== 0 && end.signal !== 'SIGTERM') failures += 1;
      if (running().length === 0) process.exit(failures === 0 ? 0 : 1);
      return;
    }
    pauseMs = end.ageMs > stableMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
    log.error({ worker: worker.id, ...end, pauseMs }, 'a worker ended; another one starts after a pause');
    setTimeout(() => !isStopping && start(), pauseMs).unref();
    // With every worker gone the timer alone has to keep this process.
    if (running().length === 0) setTimeout(() => {}, pauseMs + 100);
  }

  function stop(reason: string): void {
    if (!isStopping) {
      log.info({ reason, workers: running().length }, 'stopping the workers');
      setTimeout(killAll, stopTimeoutMs).unref();
    }
    isStopping = true;
    if (running().length === 0) process.exit(failures === 0 ? 0 : 1);
    // A signal to the process group has reached them already; a second one changes nothing.
    for (const worker of running()) worker.process.kill('SIGTERM');
  }

  function killAll(): void {
    log.error({ stopTimeoutMs, workers: running().length }, 'workers did not end in time and are killed');
    for (const worker of running()) worker.process.kill('SIGKILL');
  }

  // Workers accept by themselves: the default, which hands connections over, loses those handed to a worker that has
  // just been killed, and their clients wait for ever.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  answerScrapes();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  log.info({ workers }, 'starting the workers');
  for (let index = 0; index < workers; index += 1) start();
}
