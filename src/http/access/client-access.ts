import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { minuteMs } from '../../durations.ts';
import { AccessError, QuotaError } from '../../errors.ts';
import { text } from '../../messages/text.ts';
import type { Metrics } from '../../stats/metrics/metrics.ts';
import type { ApiKey, ApiKeyStore } from '../../store/api-key-store.ts';
import { givenKey, openApiKeyRing } from './api-keys.ts';
import { identityOfRequest, isClientCall, setApp } from './caller.ts';

export interface ClientRules {
  readonly apiKeys: 'off' | 'optional' | 'required';
  /** Requests a minute, counted by each worker; 0: any number. */
  readonly perUser: number;
  readonly perNetwork: number;
}

export interface ClientAccessParts {
  readonly clientRules: ClientRules;
  readonly apiKeys: Pick<ApiKeyStore, 'list'>;
  readonly metrics: Pick<Metrics, 'denied'>;
}

/** Callers counted at once, of each kind: the longest unseen is forgotten first. */
const counted = 20_000;

/** Keys and quotas of clients, before any body is read. Off, it costs nothing. */
export async function guardClients(
  app: FastifyInstance,
  { clientRules: rules, apiKeys, metrics }: ClientAccessParts,
): Promise<void> {
  if (rules.apiKeys === 'off' && rules.perUser === 0 && rules.perNetwork === 0) return;
  await app.register(rateLimit, { global: false, cache: counted });
  const ring = openApiKeyRing({ keys: apiKeys });
  const keyOf = new WeakMap<FastifyRequest, ApiKey>();
  const deny = (reason: string) => metrics.denied.inc({ reason });

  const limit = (
    max: number | ((request: FastifyRequest) => number),
    name: (request: FastifyRequest) => string,
  ) => app.createRateLimit({ max, timeWindow: minuteMs, keyGenerator: name });
  const limits = {
    key: limit(
      (request) => keyOf.get(request)?.perMinute ?? Number.MAX_SAFE_INTEGER,
      (request) => keyOf.get(request)?.id ?? '',
    ),
    user: limit(rules.perUser, (request) => identityOfRequest(request).claimant),
    network: limit(rules.perNetwork, (request) => identityOfRequest(request).network),
  };

  async function identify(request: FastifyRequest): Promise<ApiKey | undefined> {
    const given = givenKey(request);
    if (given === undefined && rules.apiKeys === 'optional') return undefined;
    try {
      if (given === undefined) throw new AccessError('unauthorized', 'Send your API key as `X-API-Key`.');
      return await ring.check(given);
    } catch (error) {
      deny('key');
      throw error;
    }
  }

  async function count(which: keyof typeof limits, request: FastifyRequest): Promise<void> {
    const verdict = await limits[which](request);
    if (verdict.isAllowed || !verdict.isExceeded) return;
    deny(which);
    throw new QuotaError(
      text('No more than {most} requests a minute; try again later.', { most: verdict.max }),
      verdict.ttlInSeconds,
    );
  }

  app.addHook('onRequest', async (request) => {
    if (!isClientCall(request)) return;
    const key = rules.apiKeys === 'off' ? undefined : await identify(request);
    if (key) {
      keyOf.set(request, key);
      setApp(request, key.name);
    }
    if (key?.perMinute !== undefined) await count('key', request);
    if (rules.perUser > 0 && identityOfRequest(request).userId !== undefined) await count('user', request);
    if (rules.perNetwork > 0) await count('network', request);
  });
}
