import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import type { Logger } from 'pino';
import { logThrottle } from '../resilience/log-throttle.ts';

/**
 * Callers get half of the files that the process may open; the other half is for the database, vendors, decoders and
 * the journal. Without it, callers that keep their connections would keep a lost decoder from being replaced.
 */
export function limitConnections(server: Server, log: Pick<Logger, 'warn'>): void {
  const openFiles = openFileLimit();
  if (openFiles === undefined) return;
  const connections = Math.floor(openFiles / 2);
  const refusals = logThrottle((_, count) =>
    log.warn(
      { connections, openFiles, count },
      'connections are refused: they may take half of the files that the process may open; raise that limit (ulimit -n)',
    ),
  );
  server.maxConnections = connections;
  server.on('drop', () => refusals.add('refused', undefined));
}

/** Undefined where the system does not tell, or sets no limit. */
function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
