import multipart from '@fastify/multipart';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { newRequestId, setTrace } from './http/access/caller.ts';
import { guardClients } from './http/access/client-access.ts';
import { answerCors } from './http/access/cors.ts';
import { guardOrigins, type OriginRules } from './http/access/origins.ts';
import type { OpsRule } from './http/ops/access.ts';
import { cacheAdminRoutes } from './http/ops/cache-admin.ts';
import { opsEventRoutes } from './http/ops/events.ts';
import { statsRoutes } from './http/ops/stats.ts';
import { versionRoutes } from './http/ops/version.ts';
import { opsPageRoutes } from './http/pages/ops-page.ts';
import { startPageRoutes } from './http/pages/start-page.ts';
import { registerProblems } from './http/problem.ts';
import { batchRoutes } from './http/routes/batch.ts';
import { categoryRoutes } from './http/routes/categories.ts';
import { checkCacheRoutes } from './http/routes/check-cache.ts';
import { classifyRoutes } from './http/routes/classify.ts';
import { feedbackListRoutes, feedbackRoutes } from './http/routes/feedback.ts';
import { healthRoutes } from './http/routes/health.ts';
import { localClassifyRoutes } from './http/routes/local-classify.ts';
import { metricsRoutes, observeRequests } from './http/routes/metrics.ts';
import { openApiRoutes, registerOpenApi } from './http/routes/openapi.ts';
import { v2BatchRoutes } from './http/routes/v2-batch.ts';
import { v2CheckCacheRoutes } from './http/routes/v2-check-cache.ts';
import type { Services } from './services.ts';

export interface ServerOptions {
  readonly version: string;
  /** Commit that the code was built from, if that is known. */
  readonly commit?: string | undefined;
  /** Which proxies' X-Forwarded-For counts: none, that many hops, or these addresses and ranges. */
  readonly trustProxy: false | number | string[];
  readonly origins: OriginRules;
  readonly opsRule: OpsRule;
}

type Parts = Services & Pick<ServerOptions, 'opsRule' | 'version' | 'commit'>;
type Routes = (app: FastifyInstance, parts: Parts) => void;

/** What clients call, and pages of the origins in CORS_ORIGIN may read. */
const clientRoutes: readonly Routes[] = [
  startPageRoutes,
  healthRoutes,
  categoryRoutes,
  checkCacheRoutes,
  classifyRoutes,
  batchRoutes,
  localClassifyRoutes,
  v2CheckCacheRoutes,
  v2BatchRoutes,
  feedbackRoutes,
  openApiRoutes,
];

/** What operators call: never answered to a page of another origin. */
const opsRoutes: readonly Routes[] = [
  statsRoutes,
  metricsRoutes,
  versionRoutes,
  opsPageRoutes,
  opsEventRoutes,
  feedbackListRoutes,
  cacheAdminRoutes,
];

/** The service's HTTP side: the same in tests as in production, listening nowhere yet. */
export async function buildServer(
  services: Services,
  { version, commit, trustProxy, origins, opsRule }: ServerOptions,
): Promise<FastifyInstance> {
  const parts: Parts = { ...services, opsRule, version, commit };
  const app = Fastify({
    loggerInstance: services.log,
    genReqId: newRequestId,
    childLoggerFactory: (logger, bindings, options, request) => {
      const trace = setTrace(request);
      return logger.child(trace ? { ...bindings, trace_id: trace.traceId } : bindings, options);
    },
    logController: new LogController({ disableRequestLogging: true }),
    // A caller's own id would let it forge the log.
    requestIdHeader: false,
    trustProxy: typeof trustProxy === 'number' ? (_, hop) => hop < trustProxy : trustProxy,
    bodyLimit: 1_000_000,
    // Idle bodies end; one that keeps coming slowly may take its time (phones do).
    requestTimeout: 300_000,
    forceCloseConnections: 'idle',
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
  }) as unknown as FastifyInstance;

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  // A process that stops ends each connection with its next answer.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!services.isReady()) reply.header('connection', 'close');
    done();
  });
  // One line a request, without the query: it may name a user.
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, ip } = request;
    const durationMs = Math.round(reply.elapsedTime);
    request.log.info(
      { method, route: routeOptions.url, ip, status: reply.statusCode, durationMs },
      'request',
    );
    done();
  });
  observeRequests(app, parts);
  registerProblems(app);
  await app.register(multipart, { throwFileSizeLimit: false });
  await registerOpenApi(app, version);

  const register = (scope: FastifyInstance, routes: readonly Routes[]) => {
    for (const one of routes) scope.register(async (inner) => one(inner, parts));
  };
  app.register(async (scope) => {
    answerCors(scope, origins.cors);
    guardOrigins(scope, origins, services.metrics);
    await guardClients(scope, parts);
    register(scope, clientRoutes);
  });
  register(app, opsRoutes);
  return app;
}
