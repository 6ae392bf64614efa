import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AppError } from '../../errors.ts';
import type { Stats } from '../../stats/open-stats.ts';
import type { ServiceState } from '../../stats/service-state.ts';
import { type OpsRule, opsAccess } from './access.ts';

const everyMs = 2_000;
const recentFailures = 20;
/** Watchers at once, a worker: each page is one. */
const maxWatchers = 50;

export interface OpsEventParts {
  readonly stats: Pick<Stats, 'today' | 'recentFailures'>;
  readonly log: Pick<Logger, 'error'>;
  readonly opsRule: OpsRule;
  state(): ServiceState;
}

/** What the page of operators shows, as server-sent events: asked for once however many watch. */
export function opsEventRoutes(app: FastifyInstance, { opsRule, stats, state, log }: OpsEventParts): void {
  const watchers = new Set<PassThrough>();
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<string> {
    const live = { at: new Date().toISOString(), state: state() };
    try {
      const [today, failures] = await Promise.all([stats.today(), stats.recentFailures(recentFailures)]);
      return JSON.stringify({ ...live, today, failures });
    } catch (error) {
      if (!(error instanceof AppError)) log.error({ err: error }, 'the ops page could not be fed');
      return JSON.stringify({ ...live, problem: 'The store cannot be read.' });
    }
  }

  async function publish(): Promise<void> {
    const event = `data: ${await look()}\n\n`;
    for (const watcher of watchers) if (!watcher.writableNeedDrain) watcher.write(event);
    if (watchers.size > 0) timer = setTimeout(() => void publish(), everyMs).unref();
    else timer = undefined;
  }

  function leave(watcher: PassThrough): void {
    watchers.delete(watcher);
    watcher.end();
  }

  // A stream that never ends would hold up a process that drains.
  app.addHook('preClose', async () => {
    for (const watcher of watchers) leave(watcher);
  });

  const options = { schema: { hide: true }, logLevel: 'warn' as const, onRequest: opsAccess(opsRule) };
  app.get('/ops/events', options, async (_, reply) => {
    const [oldest] = watchers;
    if (oldest && watchers.size >= maxWatchers) leave(oldest);
    const watcher = new PassThrough();
    watchers.add(watcher);
    reply.raw.once('close', () => leave(watcher));
    reply.type('text/event-stream').headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    if (timer === undefined) void publish();
    else void look().then((live) => watcher.writable && watcher.write(`data: ${live}\n\n`));
    return reply.send(watcher);
  });
}
