import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { BadRequestError } from '../../errors.ts';

const name = 'x-request-timeout-ms';

/** For the OpenAPI page of routes whose clients may ask for less time. */
export const AskedTime = Type.Object({
  'X-Request-Timeout-Ms': Type.Optional(
    Type.Integer({
      minimum: 1,
      description:
        'Milliseconds, counted from the arrival of the request, in which the caller wants its answer. Shortens the ' +
        'deadline of the route and never lengthens it; what the LLM can’t answer by then, the local model does',
    }),
  ),
});

/**
 * Milliseconds that the caller gives this request, Infinity where it says nothing.
 * @throws BadRequestError anything but a whole number above 0
 */
export function askedTimeMs({ headers }: FastifyRequest): number {
  const value = headers[name];
  if (value === undefined || value === '') return Number.POSITIVE_INFINITY;
  const askedMs = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : 0;
  if (askedMs > 0) return askedMs;
  throw new BadRequestError(
    'invalid_request',
    '`X-Request-Timeout-Ms` must be a whole number of milliseconds above 0.',
  );
}

/** `onRequest` hook: refuses a wrong header before the body is read and before a streamed answer has begun. */
export async function checkAskedTime(request: FastifyRequest): Promise<void> {
  askedTimeMs(request);
}
