import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { buildServer } from '../server.ts';
import type { Services } from '../services.ts';

export interface DrainOptions {
  readonly log: Logger;
  readonly reason: string;
  readonly exitCode: number;
  /** Between not being ready and refusing connections: a load balancer notices. */
  readonly graceMs: number;
  /** For requests in flight, after that. */
  readonly limitMs: number;
}

/** For writing what is recorded, after the last request. */
export const closeLimitMs = 10_000;

/** Finishes requests in flight, flushes records and ends the process. */
export async function drain(
  app: Awaited<ReturnType<typeof buildServer>>,
  services: Pick<Services, 'stopTaking' | 'close'>,
  { log, reason, exitCode, graceMs, limitMs }: DrainOptions,
): Promise<void> {
  log.info({ reason, graceMs }, 'draining: requests in flight finish, new ones are refused after the grace');
  services.stopTaking();
  if (app.server.listening) await sleep(graceMs);
  const cut = setTimeout(() => {
    log.warn({ limitMs }, 'requests were still in flight at the limit and are cut off');
    app.server.closeAllConnections();
  }, limitMs);
  const abort = setTimeout(() => {
    log.error('could not stop in time');
    process.exit(1);
  }, limitMs + closeLimitMs);
  try {
    await app.close();
    clearTimeout(cut);
    await services.close();
  } catch (error) {
    log.error({ err: error }, 'could not stop cleanly');
    process.exit(1);
  }
  clearTimeout(abort);
  log.info('stopped');
  process.exit(exitCode);
}
