import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

export interface LlmFailure {
  readonly class: string;
  readonly status?: number;
  readonly code?: string;
  readonly since: string;
  readonly overAt?: string;
}

export interface Health {
  readonly database: 'connected' | 'disconnected';
  readonly modelApi: 'available' | 'not_configured' | 'unavailable';
  /** Of the vision LLM, where one is configured: without it the local model answers. */
  readonly llm?: 'available' | 'over_budget' | 'unavailable';
  /** What is wrong with a model that it is asked for. */
  readonly llmModel?: 'shut_down' | 'shuts_down_soon' | 'unknown' | undefined;
  readonly claimTrust: 'own' | 'all';
  /** Writes in the journal of a database outage. */
  readonly journalled: number;
  /** Why its calls fail, or failed in the last hour. */
  readonly llmFailure?: LlmFailure | undefined;
}

export interface HealthParts {
  /** Synchronous and cheap: never calls a model or waits for the store. */
  health(): Health;
  /** False while starting, and after SIGTERM. */
  isReady(): boolean;
}

const Body = {
  status: Type.Union([Type.Literal('healthy'), Type.Literal('unhealthy')]),
  database: Type.Union([Type.Literal('connected'), Type.Literal('disconnected')]),
  model_api: Type.Union([
    Type.Literal('available'),
    Type.Literal('not_configured'),
    Type.Literal('unavailable'),
  ]),
  llm: Type.Optional(
    Type.Union([Type.Literal('available'), Type.Literal('over_budget'), Type.Literal('unavailable')], {
      description:
        'Of the vision LLM, where one is configured; `unavailable` while its calls fail: the local model answers',
    }),
  ),
  llm_model: Type.Optional(
    Type.Union([Type.Literal('shut_down'), Type.Literal('shuts_down_soon'), Type.Literal('unknown')], {
      description: 'What is wrong with a model that is asked: its vendor ends it, or does not list it',
    }),
  ),
  journal: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'Results, claims and records that wait in the journal until the database is back',
    }),
  ),
  claims: Type.Optional(
    Type.Literal('anybody', {
      description: 'CLAIM_TRUST=all: every uploader decides what any hash means for all callers',
    }),
  ),
  llm_failure: Type.Optional(
    Type.Object(
      {
        class: Type.String({ description: 'bad_key, network, out_of_credit, …' }),
        status: Type.Optional(Type.Integer({ description: 'HTTP status that the vendor answered with' })),
        code: Type.Optional(Type.String({ description: "The vendor's error code, or the system's" })),
        since: Type.String({ format: 'date-time' }),
        over_at: Type.Optional(
          Type.String({ format: 'date-time', description: 'A call was answered again' }),
        ),
      },
      { description: 'Why calls to the vision LLM fail; until an hour after they were answered again' },
    ),
  ),
  timestamp: Type.String({ format: 'date-time' }),
};

const echoed = {
  user_id: Type.Optional(Type.String({ maxLength: 256, description: 'Id of the installation; echoed' })),
  device_type: Type.Optional(Type.String({ maxLength: 64, description: 'Web | Android | iOS' })),
  client_timestamp: Type.Optional(Type.String({ maxLength: 64, description: 'Time of the client; echoed' })),
};

/** Old clients compare the words and send no photo unless all is well; orchestrators read the status alone. */
export function healthRoutes(plain: FastifyInstance, { health, isReady }: HealthParts): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  function body() {
    const { database, modelApi, llm, llmModel, llmFailure, claimTrust, journalled } = health();
    // A lost store is no reason to stop: photos are classified without it.
    const status = modelApi === 'available' ? ('healthy' as const) : ('unhealthy' as const);
    return {
      status,
      database,
      model_api: modelApi,
      ...(llm && { llm }),
      ...(llmModel && { llm_model: llmModel }),
      ...(journalled > 0 && { journal: journalled }),
      ...(claimTrust === 'all' && { claims: 'anybody' as const }),
      ...(llmFailure && { llm_failure: toldToAll(llmFailure) }),
      timestamp: new Date().toISOString(),
    };
  }

  const v1 = { summary: 'Health in words', tags: ['health'], response: { 200: Type.Object(Body) } };
  app.get('/api/v1/health', { schema: v1, logLevel: 'warn' }, async () => body());

  const v2 = {
    summary: 'Health in words (client C)',
    tags: ['v2'],
    querystring: Type.Object(echoed),
    response: { 200: Type.Object({ ...Body, ...echoed }) },
  };
  app.get('/api/v2/health', { schema: v2, logLevel: 'warn' }, async ({ query }) => ({ ...body(), ...query }));

  const probe = (summary: string) => ({
    summary,
    tags: ['health'],
    response: {
      200: Type.Object({ status: Type.String() }),
      503: Type.Object({ status: Type.String() }),
    },
  });
  const live = { schema: probe('The process runs'), logLevel: 'warn' as const };
  app.get('/health/live', live, async () => ({ status: 'live' }));
  const ready = { schema: probe('Photos can be classified'), logLevel: 'warn' as const };
  app.get('/health/ready', ready, async (_, reply) => {
    if (isReady() && health().modelApi === 'available') return { status: 'ready' };
    reply.status(503).header('retry-after', 1);
    return { status: 'not ready' };
  });
}

/** Without host and address: strangers ask too. */
function toldToAll({ class: kind, status, code, since, overAt }: LlmFailure) {
  return {
    class: kind,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    since,
    ...(overAt !== undefined && { over_at: overAt }),
  };
}
