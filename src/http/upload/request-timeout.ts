import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { BadRequestError } from '../../errors.ts';

const name = 'x-request-timeout-ms';

/** For the OpenAPI page of routes whose clients may shorten the deadline. */
export const RequestTimeout = Type.Object({
  'X-Request-Timeout-Ms': Type.Optional(
    Type.Integer({
      minimum: 1,
      description:
        'Time limit of the request in milliseconds, from its arrival. Shortens the deadline of the route and never ' +
        'lengthens it. Photos that the LLM has not answered by then get the answer of the local model',
    }),
  ),
});

/**
 * The time limit that the caller sets for this request; Infinity without the header.
 * @throws BadRequestError anything but a whole number above 0
 */
export function requestTimeoutMs({ headers }: FastifyRequest): number {
  const value = headers[name];
  if (value === undefined || value === '') return Number.POSITIVE_INFINITY;
  const timeoutMs = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : 0;
  if (timeoutMs > 0) return timeoutMs;
  throw new BadRequestError(
    'invalid_request',
    '`X-Request-Timeout-Ms` must be a whole number of milliseconds above 0.',
  );
}

/** `onRequest` hook: refuses a wrong header before the body is read and before a streamed answer has begun. */
export async function checkRequestTimeout(request: FastifyRequest): Promise<void> {
  requestTimeoutMs(request);
}
