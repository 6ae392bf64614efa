import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ClassifyContext, Trace } from '../../classify/classifier.ts';
import { DisconnectError } from '../../errors.ts';
import type { Caller } from '../../photos/caller.ts';
import { deadlineIn } from '../../resilience/deadline.ts';
import { identityOf } from '../../stats/caller-identity.ts';
import type { CallerIdentity } from '../../store/records.ts';
import { requestTimeoutMs } from '../upload/request-timeout.ts';

/** `req_<unix seconds>_<12 hex>`. */
export function newRequestId(): string {
  // Random throughout in its first twelve digits, and drawn from a stock: a system call for each request costs 5 %.
  const uuid = randomUUID();
  return `req_${Math.floor(Date.now() / 1000)}_${uuid.slice(0, 8)}${uuid.slice(9, 13)}`;
}

/** @param options.deadlineMs from the arrival of the request on; the caller may ask for less */
export function callerOf(
  request: FastifyRequest,
  reply: FastifyReply,
  options: { lane: ClassifyContext['lane']; deadlineMs: number; isRecheck?: boolean },
): Caller {
  const identity = identityOfRequest(request);
  const deadlineMs = Math.min(options.deadlineMs, requestTimeoutMs(request));
  return {
    identity,
    requestId: request.id,
    elapsedMs: () => Math.round(reply.elapsedTime),
    context: {
      deadline: deadlineIn(Math.max(0, deadlineMs - reply.elapsedTime)),
      signal: disconnectSignal(reply),
      lane: options.lane,
      ...(options.isRecheck && { isRecheck: true }),
      trace: traces.get(request.raw),
      caller: identity.claimant,
      ...(identity.userId !== undefined && { album: identity.claimant }),
    },
  };
}

/** Later versions may add fields; version 00 has none, and ff is invalid. */
const traceparent = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const isZero = (digits: string) => /^0+$/.test(digits);
/** Sampled and random; no other flag may be passed on. */
const knownFlags = 0b11;

/**
 * The trace that a gateway began: https://www.w3.org/TR/trace-context/#traceparent-header. Undefined without a header
 * or with an invalid one.
 */
export function traceOf(header: string | string[] | undefined): Trace | undefined {
  if (typeof header !== 'string') return undefined;
  const [, version, traceId = '', parentId = '', flags = '', more] = traceparent.exec(header) ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) return undefined;
  if (isZero(traceId) || isZero(parentId)) return undefined;
  return { traceId, flags: `0${Number.parseInt(flags, 16) & knownFlags}` };
}

const traces = new WeakMap<IncomingMessage, Trace>();

/** Notes the trace that a request belongs to, when it arrives. */
export function setTrace(request: IncomingMessage): Trace | undefined {
  const trace = traceOf(request.headers.traceparent);
  if (trace) traces.set(request, trace);
  return trace;
}

/** For look-ups, whose body may name the user. */
export function lookupCaller(
  request: FastifyRequest,
  reply: FastifyReply,
  options: { deadlineMs: number; userId?: string | null | undefined },
): Caller {
  const caller = callerOf(request, reply, { lane: 'single', deadlineMs: options.deadlineMs });
  return { ...caller, identity: identityOfRequest(request, options.userId) };
}

export const startPage = '/';

const clientRoutes = /^(\/api\/v[12])?\/(classify|local-classify|feedback)(\/|$)/;

/** Uploads, look-ups and feedback: what operators, orchestrators and readers of pages call has rules of its own. */
export function isClientCall({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  return method === 'POST' && (url === startPage || clientRoutes.test(url));
}

const apps = new WeakMap<FastifyRequest, string>();

/** Notes the app whose API key a request came with, once the key was checked. */
export function setApp(request: FastifyRequest, app: string): void {
  apps.set(request, app);
}

const pages = new WeakMap<FastifyRequest, string>();

/** Notes the origin of the page of another site that sends a request. */
export function setPage(request: FastifyRequest, origin: string): void {
  pages.set(request, origin);
}

/** A non-empty `X-User-ID` wins over the body's `user_id`; neither authenticates the caller. */
export function identityOfRequest(request: FastifyRequest, bodyUserId?: string | null): CallerIdentity {
  const header = request.headers['x-user-id'];
  const userId = (Array.isArray(header) ? header[0] : header)?.trim() || bodyUserId?.trim();
  return identityOf({
    address: request.ip,
    app: apps.get(request),
    page: pages.get(request),
    ...(userId && { userId }),
  });
}

/**
 * Aborts when the connection closes before the answer is out. Fastify's `request.signal` aborts on normal completion
 * too, so it can't be used for this.
 */
function disconnectSignal(reply: FastifyReply): AbortSignal {
  const disconnect = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) disconnect.abort(new DisconnectError());
  });
  return disconnect.signal;
}
