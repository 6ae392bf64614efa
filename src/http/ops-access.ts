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
 * Who may read what operators read: the bearer of the token (or of one of several, see `tokensOf`); where there is none, loopback alone, and never through
 * a proxy (which would make every caller look local). As an `onRequest` hook, before any body is read.
 */
export function opsAccess(token: string | undefined): (request: FastifyRequest) => Promise<void> {
  const tokens = tokensOf(token);
  return async (request) => {
    if (tokens.length === 0) {
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
    if (given === undefined || !isOneOf(given, tokens))
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

const digestOf = (text: string) => createHash('sha256').update(text).digest();

/** SHA-256 of each of the tokens in a list separated by commas: as they are, or `sha256:` and 64 hex digits. */
function tokensOf(list: string | undefined): readonly Buffer[] {
  const tokens = (list ?? '').split(',').map((one) => one.trim());
  return tokens
    .filter((one) => one !== '')
    .map((one) => {
      const hashed = /^sha256:([0-9a-f]{64})$/i.exec(one)?.[1];
      return hashed ? Buffer.from(hashed, 'hex') : digestOf(one);
    });
}

/** In constant time, whatever the lengths and however many there are. */
function isOneOf(given: string, tokens: readonly Buffer[]): boolean {
  const digest = digestOf(given);
  return tokens.filter((token) => timingSafeEqual(digest, token)).length > 0;
}
