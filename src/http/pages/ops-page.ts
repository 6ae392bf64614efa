import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { type OpsRule, opsPageAccess } from '../ops/access.ts';
import { withPageHeaders } from './page-headers.ts';

const own = (name: string) => new URL(`./ops-page/${name}`, import.meta.url);
const { resolve } = createRequire(import.meta.url);

const files = [
  { path: '', file: own('index.html'), type: 'text/html; charset=utf-8' },
  { path: '/app.css', file: own('app.css'), type: 'text/css; charset=utf-8' },
  { path: '/app.js', file: own('app.js'), type: 'text/javascript; charset=utf-8' },
  { path: '/charts.js', file: own('charts.js'), type: 'text/javascript; charset=utf-8' },
  { path: '/panels.js', file: own('panels.js'), type: 'text/javascript; charset=utf-8' },
  {
    path: '/uplot.js',
    file: resolve('uplot/dist/uPlot.iife.min.js'),
    type: 'text/javascript; charset=utf-8',
  },
  { path: '/uplot.css', file: resolve('uplot/dist/uPlot.min.css'), type: 'text/css; charset=utf-8' },
] as const;

/**
 * The page of operators, all of it from here. It holds no figure: those it asks for, with the token that its user
 * types in. Without a token it answers to whom the figures do.
 */
export function opsPageRoutes(app: FastifyInstance, { opsRule }: { opsRule: OpsRule }): void {
  const access = opsPageAccess(opsRule);
  for (const { path, file, type } of files) {
    const body = readFileSync(file);
    const options = {
      schema: { hide: true },
      logLevel: 'warn' as const,
      onRequest: [withPageHeaders, access],
    };
    app.get(`/ops${path}`, options, async (_, reply) => {
      reply.type(type).header('cache-control', 'no-cache');
      return body;
    });
  }
}
