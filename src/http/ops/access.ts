import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessError } from '../../errors.ts';
import { foreignOrigin } from '../access/origins.ts';

/** Who may call the routes of operators. */
export type OpsRule =
  /** Callers with the token, or one of several separated by commas, each in plain text or as `sha256:` and 64 hex digits. */
  | { readonly kind: 'token'; readonly tokens: string }
  /** Callers on this machine, for a service that listens on loopback alone. */
  | { readonly kind: 'loopback' }
  /** No caller, until there is a token. */
  | { readonly kind: 'closed' };

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** As an `onRequest` hook, before any body is read. */
export function opsAccess(rule: OpsRule): Hook {
  const check = checkOf(rule);
  return async (request) => {
    refuseForeignPages(request);
    check(request);
  };
}

/** For the page itself, which holds no figure and asks for the token: the same, but it needs none. */
export function opsPageAccess(rule: OpsRule): Hook {
  const check = rule.kind === 'token' ? () => {} : checkOf(rule);
  return async (request) => {
    refuseForeignPages(request);
    check(request);
  };
}

/** Whether an operator asks for a photo to be classified again. The same header from another caller is ignored. */
export function recheckAsked(rule: OpsRule): (request: FastifyRequest) => boolean {
  const check = checkOf(rule);
  return (request) => {
    if (!/(^|[\s,])no-cache\b/i.test(request.headers['cache-control'] ?? '')) return false;
    try {
      refuseForeignPages(request);
      check(request);
      return true;
    } catch {
      return false;
    }
  };
}

function refuseForeignPages(request: FastifyRequest): void {
  if (foreignOrigin(request) !== undefined)
    throw new AccessError('forbidden', 'Pages of other sites may not call the routes of operators.');
}

/** @throws AccessError (what is returned) not an operator */
function checkOf(rule: OpsRule): (request: FastifyRequest) => void {
  switch (rule.kind) {
    case 'closed':
      return () => {
        throw new AccessError(
          'forbidden',
          'The routes of operators are closed, because no token could be kept: set OPS_TOKEN, or make the data folder writable, and start the service again.',
        );
      };
    case 'loopback':
      return (request) => {
        if (!isDirect(request))
          throw new AccessError(
            'forbidden',
            'Without OPS_TOKEN this route answers direct requests to a loopback address only; set OPS_TOKEN to open it to others.',
          );
      };
    case 'token': {
      const tokens = digestsOf(rule.tokens);
      return ({ headers }) => {
        const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
        if (given !== undefined && !isOneOf(given, tokens))
          throw new AccessError(
            'unauthorized',
            'The token is wrong. It is the value of OPS_TOKEN; if none is set, the file ops-token in the data folder holds it.',
          );
        if (given === undefined)
          throw new AccessError(
            'unauthorized',
            'Send `Authorization: Bearer <token>`: the value of OPS_TOKEN, or where none is set the one that the file ops-token in the data folder holds.',
          );
      };
    }
  }
}

const proxyHeaders =
  /^(forwarded|via|x-forwarded(-.+)?|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-.+|x-envoy-.+|true-client-ip|cf-.+|cdn-loop|fastly-.+|x-amzn-trace-id|x-arr-.+|tailscale-.+)$/;

/**
 * From this machine, to an address of it, and with no sign of a proxy, which would make every caller look local. The
 * name asked for matters because a page can have its own name resolve to 127.0.0.1.
 */
function isDirect({ socket, headers }: FastifyRequest): boolean {
  const isFromHere = socket.remoteAddress === '::1' || /^(::ffff:)?127\./.test(socket.remoteAddress ?? '');
  return (
    isFromHere && isLoopbackHost(headers.host) && !Object.keys(headers).some((one) => proxyHeaders.test(one))
  );
}

/** Of a `Host` header; none at all is no loopback. */
function isLoopbackHost(host = ''): boolean {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(:\d+)?$/.exec(host) ?? [];
  return isLoopbackName(name.replace(/^\[|\]$/g, ''));
}

/** `localhost`, a name under it (which browsers never look up), 127.0.0.0/8 or ::1. */
export function isLoopbackName(name: string): boolean {
  if (/^(.+\.)?localhost$/i.test(name) || name === '::1') return true;
  const address = name.replace(/^::ffff:/i, '');
  return isIPv4(address) && address.startsWith('127.');
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();

function digestsOf(list: string): readonly Buffer[] {
  const tokens = list.split(',').map((one) => one.trim());
  return tokens
    .filter((one) => one !== '')
    .map((one) => {
      const hashed = /^sha256:([0-9a-f]{64})$/i.exec(one)?.[1];
      return hashed ? Buffer.from(hashed, 'hex') : digestOf(one);
    });
}

/** In constant time for any lengths and any number of tokens. */
function isOneOf(given: string, tokens: readonly Buffer[]): boolean {
  const digest = digestOf(given);
  return tokens.filter((token) => timingSafeEqual(digest, token)).length > 0;
}
