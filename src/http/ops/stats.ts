import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { dayMs } from '../../durations.ts';
import { BadRequestError } from '../../errors.ts';
import { text } from '../../messages/text.ts';
import type { Stats } from '../../stats/open-stats.ts';
import { Envelope, problems, stamp } from '../answer-schemas.ts';
import { type OpsRule, opsAccess } from './access.ts';
import {
  BatchCache,
  BatchClassify,
  CacheEfficiency,
  Categories,
  Methods,
  SavingOptions,
  Series,
  Today,
  TopUsers,
} from './stats-schemas.ts';

const whole = (description: string, pattern: string) => Type.Optional(Type.String({ pattern, description }));
const Days = whole('Days, today included', '^[1-9][0-9]{0,3}$');
const Limit = whole('How many, up to 100', '^([1-9][0-9]?|100)$');
const Moment = (what: string) =>
  Type.Optional(Type.String({ maxLength: 40, description: `${what}: ISO 8601, or Unix seconds` }));

/** What happened, from sums that are kept with the records: no route reads the records themselves. */
export function statsRoutes(
  plain: FastifyInstance,
  { opsRule, stats }: { opsRule: OpsRule; stats: Stats },
): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const onRequest = opsAccess(opsRule);

  function route(
    path: string,
    summary: string,
    Data: TSchema,
    read: (query: Query) => Promise<unknown>,
  ): void {
    const schema = {
      ...common(summary),
      querystring: Type.Object({ days: Days }),
      response: {
        200: Type.Object({ success: Type.Literal(true), data: Data, ...Envelope }),
        ...problems(400, 401, 403, 503),
      },
    };
    app.get(`/api/v1/stats/${path}`, { schema, onRequest }, async (request) => ({
      success: true as const,
      data: await read(request.query),
      ...stamp(request.id),
    }));
  }

  const today = {
    ...common('What happened since midnight'),
    response: { 200: Today, ...problems(401, 403, 503) },
  };
  app.get('/api/v1/stats/today', { schema: today, onRequest }, async (request) => ({
    ...(await stats.today()),
    ...stamp(request.id),
  }));

  route('cache-efficiency', 'What the cache saves; over all days by default', CacheEfficiency, ({ days }) =>
    stats.cacheEfficiency(days === undefined ? undefined : Number(days)),
  );
  route('category-distribution', 'What photos show (30 days)', Categories, ({ days = 30 }) =>
    stats.categories(Number(days)),
  );
  route('inference-method', 'Who answers, and how fast (1 day)', Methods, ({ days = 1 }) =>
    stats.methods(Number(days)),
  );
  route('batch-cache', 'Look-ups of many hashes at once, by day (7 days)', BatchCache, ({ days = 7 }) =>
    stats.batchCache(Number(days)),
  );
  route('batch-classify', 'Batches of uploads, by day (7 days)', BatchClassify, ({ days = 7 }) =>
    stats.batchClassify(Number(days)),
  );
  route(
    'savings',
    'What local-first and the album lane would save a month, and how accurate that would be (30 days of comparisons)',
    SavingOptions,
    ({ days = 30 }) => stats.savingOptions(Number(days)),
  );
  userRoutes(plain, stats, onRequest);
  seriesRoutes(plain, stats, onRequest);
}

function userRoutes(plain: FastifyInstance, stats: Stats, onRequest: ReturnType<typeof opsAccess>): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const users = {
    ...common('Who sends most (1 day, 20 users); of more than 7 days as of up to 10 minutes ago'),
    querystring: Type.Object({ days: Days, limit: Limit }),
    response: { 200: TopUsers, ...problems(400, 401, 403, 503) },
  };
  app.get('/api/v1/stats/users/top', { schema: users, onRequest }, async (request) => {
    const { days = 1, limit = 20 } = request.query;
    const report = await stats.topUsers(Number(days), Number(limit));
    return {
      success: true as const,
      data: [...report.users],
      unique_users: report.unique,
      counted_at: new Date(report.at).toISOString(),
      ...stamp(request.id),
    };
  });
}

function seriesRoutes(plain: FastifyInstance, stats: Stats, onRequest: ReturnType<typeof opsAccess>): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const series = {
    ...common('Figures step by step; by default the last day by the hour'),
    querystring: Type.Object({
      from: Moment('First moment'),
      to: Moment('First moment after the last'),
      step: whole('Seconds', '^[1-9][0-9]{0,7}$'),
    }),
    response: {
      200: Type.Object({ success: Type.Literal(true), data: Series, ...Envelope }),
      ...problems(400, 401, 403, 503),
    },
  };
  app.get('/api/v1/stats/timeseries', { schema: series, onRequest }, async (request) => {
    const { from, to, step = 3600 } = request.query;
    const end = momentOf('to', to) ?? Date.now();
    const query = { from: momentOf('from', from) ?? end - dayMs, to: end, stepMs: Number(step) * 1000 };
    return { success: true as const, data: await stats.series(query), ...stamp(request.id) };
  });
}

interface Query {
  readonly days?: string;
}

function common(summary: string) {
  return { summary, tags: ['stats'], security: [{ opsToken: [] }] };
}

/** @throws BadRequestError no moment */
function momentOf(name: string, moment: string | undefined): number | undefined {
  if (moment === undefined) return undefined;
  const at = /^\d{1,11}$/.test(moment) ? Number(moment) * 1000 : Date.parse(moment);
  if (Number.isFinite(at) && at >= 0 && at < 1e14) return at;
  throw new BadRequestError(
    'invalid_request',
    text('`{name}` must be an ISO 8601 moment or Unix seconds.', { name }),
  );
}
