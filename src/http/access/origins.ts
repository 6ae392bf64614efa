import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AccessError } from '../../errors.ts';
import type { Message } from '../../messages/text.ts';
import type { Metrics } from '../../stats/metrics/metrics.ts';
import { isClientCall, setPage } from './caller.ts';

export interface OriginRules {
  /** Pages that may read answers and send feedback; `*`: every page may. */
  readonly cors: readonly string[];
  /** Pages whose uploads and look-ups are answered; an empty list: those of every page are. */
  readonly uploads: readonly string[];
}

/** The origin of the page that sends a request; undefined for this service's own pages, and for what is no page. */
export function foreignOrigin(request: FastifyRequest): string | undefined {
  const { origin } = request.headers;
  return origin === undefined || isOwn(origin, request.host) ? undefined : origin;
}

/** By name and port alone: where a proxy ends TLS, the scheme that a page has is not the one that arrives here. */
function isOwn(origin: string, host: string): boolean {
  const page = /^https?:\/\//.test(origin) && URL.canParse(origin) ? new URL(origin) : undefined;
  const own = `${page?.protocol}//${host}`;
  return page !== undefined && URL.canParse(own) && new URL(own).host === page.host;
}

const feedbackRoute = '/api/v1/feedback';

/**
 * What pages of other sites may do, before any body is read: a browser sends a form to any address, from the address
 * of the person who looks at the page. Such a page may have photos classified (unless `UPLOAD_ORIGINS` forbids it); what it claims without
 * a user id counts for that page alone.
 */
export function guardOrigins(
  scope: FastifyInstance,
  { cors, uploads }: OriginRules,
  metrics: Pick<Metrics, 'denied'>,
): void {
  const refuse = (message: Message): never => {
    metrics.denied.inc({ reason: 'origin' });
    throw new AccessError('forbidden', message);
  };
  scope.addHook('onRequest', async (request) => {
    const origin = foreignOrigin(request);
    if (origin === undefined || cors.includes(origin)) return;
    if (!isClientCall(request)) return;
    const isFeedback = request.routeOptions.url === feedbackRoute;
    if (isFeedback && !cors.includes('*'))
      refuse('Pages of this origin may not send feedback; the operator can list it in CORS_ORIGIN.');
    if (!isFeedback && uploads.length > 0 && !uploads.includes(origin))
      refuse(
        'Pages of this origin may not send photos or hashes; the operator can list it in UPLOAD_ORIGINS.',
      );
    setPage(request, origin);
  });
}
