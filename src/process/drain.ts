import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
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
  if (app.server.listening && graceMs > 0) {
    await sleep(graceMs);
    await refuseConnections(app.server);
  }
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

/** How long kept connections stay open after new ones are refused, in milliseconds. */
const lingerMs = 500;

/**
 * Refuses new connections first and closes kept ones later, so that a proxy finds out without losing a request: it
 * tries another replica when a connection is refused, but can't repeat an upload that it has begun to send. What has
 * arrived while the process was busy is accepted and read before each step.
 */
async function refuseConnections(server: Server): Promise<void> {
  await acceptWaiting(server);
  // The method of an HTTP server closes kept connections at once.
  NetServer.prototype.close.call(server);
  await sleep(lingerMs);
  await nextTurn();
}

/** Connections that the system holds for the server at most. */
const backlog = 511;

/** A turn of the event loop accepts one connection. */
async function acceptWaiting(server: Server): Promise<void> {
  let isAccepting = true;
  const accepted = () => {
    isAccepting = true;
  };
  server.on('connection', accepted);
  for (let turns = 0; isAccepting && turns < backlog; turns += 1) {
    isAccepting = false;
    await nextTurn();
  }
  server.off('connection', accepted);
}
