import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../stats/metrics/metrics.ts';
import { type OpsRule, opsAccess } from '../ops/access.ts';

export interface MetricsParts {
  readonly opsRule: OpsRule;
  /** In Prometheus' format, of all workers. */
  scrape(): Promise<string>;
}

/** For Prometheus: all workers of this machine together. */
export function metricsRoutes(app: FastifyInstance, { opsRule, scrape }: MetricsParts): void {
  const options = { schema: { hide: true }, logLevel: 'warn' as const, onRequest: opsAccess(opsRule) };
  app.get('/metrics', options, async (_, reply) => {
    reply.type('text/plain; version=0.0.4; charset=utf-8').header('cache-control', 'no-store');
    return scrape();
  });
}

/** Counts every request by the route in the code, never by the requested path. */
export function observeRequests(app: FastifyInstance, { metrics }: { metrics: Pick<Metrics, 'http'> }): void {
  app.addHook('onResponse', ({ method, routeOptions }, reply, done) => {
    const route = routeOptions.url ?? 'none';
    const status = `${Math.floor(reply.statusCode / 100)}xx`;
    const known = ['GET', 'HEAD', 'POST', 'OPTIONS'].includes(method) ? method : 'other';
    metrics.http.observe({ method: known, route, status }, reply.elapsedTime / 1000);
    done();
  });
}
