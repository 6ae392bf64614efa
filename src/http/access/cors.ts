import type { FastifyInstance } from 'fastify';

const exposed = 'Retry-After, X-Request-ID';
/** How long a browser may cache a preflight answer; Chromium's limit is two hours. */
const maxAgeS = 7200;

/** Lets pages of these origins read the answers of the routes of this scope, and of no others. */
export function answerCors(scope: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowedFor = (origin = '') => {
    if (origins.includes('*')) return '*';
    return origins.includes(origin) ? origin : undefined;
  };
  const methodsOf = new Map<string, Set<string>>();

  // Before keys are asked for: a preflight brings none, and a page has to be able to read a refusal.
  scope.addHook('onRequest', async (request, reply) => {
    const allowed = allowedFor(request.headers.origin);
    if (allowed !== '*') reply.header('vary', 'Origin');
    if (allowed !== undefined)
      reply.headers({ 'access-control-allow-origin': allowed, 'access-control-expose-headers': exposed });
    if (request.method !== 'OPTIONS') return;
    const asked = request.headers['access-control-request-headers'];
    if (allowed !== undefined)
      reply.headers({
        'access-control-allow-methods': [...(methodsOf.get(request.routeOptions.url ?? '') ?? [])].join(', '),
        'access-control-max-age': maxAgeS,
        ...(asked !== undefined && { 'access-control-allow-headers': asked }),
      });
    return reply.status(204).send();
  });

  scope.addHook('onRoute', ({ url, method }) => {
    const methods = [method].flat();
    if (methods.includes('OPTIONS')) return;
    const known = methodsOf.get(url);
    methodsOf.set(url, new Set([...(known ?? []), ...methods]));
    if (!known) scope.options(url, { schema: { hide: true }, logLevel: 'warn' }, async () => null);
  });
}
