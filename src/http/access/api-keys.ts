import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AccessError, UnavailableError } from '../../errors.ts';
import { isRecent } from '../../resilience/recent.ts';
import type { ApiKey, ApiKeyStore } from '../../store/api-key-store.ts';

/** `ack_<id>_<secret>`: the id names a row, the secret is known to its client alone. */
const pattern = /^ack_([0-9a-f]{12})_([A-Za-z0-9_-]{32})$/;

export interface KeyRingOptions {
  readonly keys: Pick<ApiKeyStore, 'list'>;
  /** How long a list of keys is believed: a key that was revoked may be used for that long. Default 10 000. */
  readonly believedMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface ApiKeyRing {
  /**
   * Whose key it is.
   * @throws AccessError no such key, or no longer valid
   * @throws UnavailableError the keys were never read
   */
  check(given: string): Promise<ApiKey>;
}

/** All keys there are, in memory: a wrong one costs a hash and no question to the store, however many come. */
export function openApiKeyRing({ keys, believedMs = 10_000, now = Date.now }: KeyRingOptions): ApiKeyRing {
  let known: ReadonlyMap<string, ApiKey> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    askedAt = now();
    try {
      const list = await keys.list();
      known = new Map(list.map((key) => [key.id, key]));
    } catch {
      // Those known hold on while the store is down.
    } finally {
      asking = undefined;
    }
  }

  return {
    async check(given) {
      if (!isRecent(askedAt, believedMs, now())) asking ??= refresh();
      if (known === undefined) await asking;
      if (known === undefined)
        throw new UnavailableError(
          'store_unavailable',
          'Keys cannot be checked at the moment; try again later.',
        );
      const [, id = '', secret = ''] = pattern.exec(given) ?? [];
      const key = known.get(id);
      if (!isSecretOf(secret, key) || key === undefined || key.revokedAt !== undefined)
        throw new AccessError('unauthorized', 'The API key is not valid.');
      if (key.expiresAt !== undefined && key.expiresAt <= now())
        throw new AccessError('unauthorized', 'The API key has expired; ask for a new one.');
      return key;
    },
  };
}

const nobodysSecret = '0'.repeat(64);

/** In constant time, whether there is such a key or not. */
function isSecretOf(secret: string, key: ApiKey | undefined): boolean {
  const digest = createHash('sha256').update(secret).digest();
  return timingSafeEqual(digest, Buffer.from(key?.secretSha256 ?? nobodysSecret, 'hex'));
}

/** From `X-API-Key`, or as a bearer token. Never from the address: those are logged everywhere. */
export function givenKey({ headers }: FastifyRequest): string | undefined {
  const own = headers['x-api-key'];
  if (own !== undefined) return String(own);
  return /^Bearer (ack_.*)$/i.exec(headers.authorization ?? '')?.[1];
}
