import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AccessError } from '../errors.ts';

const forwardingHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
];

/**
 * Who may read what operators read: the bearer of the token; where there is none, loopback alone, and never through
 * a proxy (which would make every caller look local). As an `onRequest` hook, before any body is read.
 */
export function opsAccess(token: string | undefined): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    if (token === undefined) {
      if (
        !isLoopback(request.socket.remoteAddress) ||
        forwardingHeaders.some((name) => name in request.headers)
      )
        throw new AccessError(
          'forbidden',
          'Without OPS_TOKEN this route answers direct loopback requests only.',
        );
      return;
    }
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined || !isSame(given, token))
      throw new AccessError('unauthorized', 'Send `Authorization: Bearer <OPS_TOKEN>`.');
  };
}

/** Whether an operator asks for a photo to be classified anew. Anybody else's wish is no error, and not heard. */
export function recheckAsked(token: string | undefined): (request: FastifyRequest) => Promise<boolean> {
  const access = opsAccess(token);
  return async (request) => {
    if (!/(^|[\s,])no-cache\b/i.test(request.headers['cache-control'] ?? '')) return false;
    return access(request).then(
      () => true,
      () => false,
    );
  };
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}

/** In constant time, whatever the lengths. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
