import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { CallerIdentity } from '../store/records.ts';

export interface CallerSource {
  readonly userId?: string | undefined;
  /** As the socket or the trusted proxy named it. */
  readonly address: string;
  /** App of the API key: users of different apps are different claimants, whatever their ids. */
  readonly app?: string | undefined;
  /** Origin of the page of another site that a browser sends a request for. */
  readonly page?: string | undefined;
}

/**
 * The claimant is the user id, or without one the exact address (for IPv6, its /64). A page of another site is a
 * claimant of its own at its visitor's address.
 */
export function identityOf(source: CallerSource): CallerIdentity {
  const key = JSON.stringify([source.userId, source.address, source.app, source.page]);
  const known = identities.get(key);
  if (known) return known;
  const identity = newIdentity(source);
  identities.set(key, identity);
  return identity;
}

/** A phone sends many requests: its identity is computed once. */
const identities = new LRUCache<string, CallerIdentity>({ max: 10_000 });

function newIdentity({ userId, address, app, page }: CallerSource): CallerIdentity {
  const ip = parse(address);
  const host = `address:${ip instanceof ipaddr.IPv6 ? prefixOf(ip, 4) : (ip ?? address)}`;
  const source = page === undefined ? host : `page:${JSON.stringify(page)}${host}`;
  return {
    claimant: userId ? claimantOfUser(userId, app) : claimantKey(source, app),
    ...(userId && { userId }),
    network: networkOf(ip),
  };
}

export const claimantOfUser = (userId: string, app?: string): string => claimantKey(`user:${userId}`, app);

/** All claimants that are a user of that id: without a key, and in each of these apps. */
export function claimantsOfUser(userId: string, apps: readonly string[]): string[] {
  return [undefined, ...new Set(apps)].map((app) => claimantOfUser(userId, app));
}

/**
 * First 16 bytes of the SHA-256 of `user:<id>` or `address:<address>`, as 32 hex digits. An app's name precedes it
 * as JSON, which marks its end.
 */
export function claimantKey(source: string, app?: string): string {
  const scoped = app === undefined ? source : `app:${JSON.stringify(app)}${source}`;
  return createHash('sha256').update(scoped).digest('hex').slice(0, 32);
}

/** /24 of an IPv4 address, /48 of an IPv6 one: what one person is likely to hold, or one office. */
function networkOf(address: Address): string {
  if (address === undefined) return 'unknown';
  if (address instanceof ipaddr.IPv4) return `${address.octets.slice(0, 3).join('.')}.0/24`;
  return prefixOf(address, 3);
}

type Address = ipaddr.IPv4 | ipaddr.IPv6 | undefined;

/** An IPv4 address that came through an IPv6 socket is an IPv4 address; a zone names an interface of ours. */
function parse(text: string): Address {
  const ip = text.replace(/%.*$/, '');
  return isIP(ip) === 0 ? undefined : ipaddr.process(ip);
}

/** The first `count` groups of an IPv6 address in one spelling, e.g. `2001:db8:0::/48` for three. */
function prefixOf({ parts }: ipaddr.IPv6, count: number): string {
  const groups = parts.slice(0, count).map((group) => group.toString(16));
  return `${groups.join(':')}::/${count * 16}`;
}
