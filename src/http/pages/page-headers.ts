import type { FastifyReply, FastifyRequest } from 'fastify';

/** For self-contained pages that no other page may frame. */
export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** As an `onRequest` hook. */
export async function withPageHeaders(_: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.headers(pageHeaders);
}
