import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';
import { inLanguage, type Language } from '../messages/text.ts';
import { buildServer } from '../server.ts';
import { openServices } from '../services.ts';
import { showBuild } from '../stats/metrics/metrics.ts';
import { announce } from './announce.ts';
import { limitConnections } from './connection-limit.ts';
import { drain } from './drain.ts';
import { cannotStart } from './exit-codes.ts';
import { sendHeartbeats } from './heartbeat.ts';
import type { Log } from './log.ts';
import { openOpsToken } from './ops-token.ts';

/**
 * Serves until SIGTERM or SIGINT, then drains: requests in flight finish, records are flushed, exit 0. An unexpected
 * error does the same, and the exit code is 1.
 */
export async function serve(
  config: Config,
  { log, lostLines, version, language }: Log & { readonly version: string; readonly language: Language },
): Promise<void> {
  const ops = openOpsToken(config);
  // One worker prints for all.
  const isSpeaker = !cluster.isWorker || cluster.worker?.id === 1;
  if (isSpeaker) for (const warning of config.warnings) log.warn(inLanguage('en', warning));
  if (isSpeaker && ops.problem !== undefined)
    log.warn(`the routes of operators stay closed: ${ops.problem}; set OPS_TOKEN`);
  const services = openServices(config, log);
  const { commit } = config;
  services.metrics.watchLog(lostLines);
  showBuild(services.metrics.registry, { version, commit });
  const app = await buildServer(services, {
    version,
    commit,
    trustProxy: config.http.trustProxy,
    origins: config.http.origins,
    opsRule: ops.rule,
  });

  let stopping: Promise<void> | undefined;
  const stop = (reason: string, { exitCode = 0, graceMs = 0 } = {}) => {
    const limitMs = config.drainTimeoutMs;
    stopping ??= drain(app, services, { log, reason, exitCode, graceMs, limitMs });
  };
  const stopGently = (signal: string) => stop(signal, { graceMs: config.shutdownGraceMs });
  // Both the process group and the primary may send the signal; the second one changes nothing.
  process.on('SIGTERM', stopGently).on('SIGINT', stopGently);
  process.on('uncaughtException', (error, kind) => {
    log.fatal({ err: error, kind }, 'unexpected error');
    stop('unexpected error', { exitCode: 1 });
  });
  process.once('disconnect', () => stop('the primary process ended'));

  await services.ready();
  if (stopping) return;
  limitConnections(app.server, log);
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    log.fatal(`can't listen on ${config.host}:${config.port}: ${whyNot(error as NodeJS.ErrnoException)}`);
    await services.close();
    process.exit(cluster.isWorker ? cannotStart : 1);
  }
  if (cluster.isWorker) sendHeartbeats();
  const { port } = app.server.address() as AddressInfo;
  if (!isSpeaker) return;
  const notices = [...config.warnings, ...(await services.modelNotices())];
  announce(log, { version, port, config, services, ops, notices, language });
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another process listens there; stop it, or set APP_PORT';
  if (code === 'EACCES') return 'ports below 1024 take a privilege; set APP_PORT';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address; set APP_HOST';
  return message;
}
