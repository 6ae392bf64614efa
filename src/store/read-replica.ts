import type { Logger } from 'pino';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { openBatcher } from './batcher.ts';
import type { Found, Lookup } from './entities.ts';
import { reasonOf } from './outage.ts';
import type { Store } from './store.ts';

export interface LookupReader extends Pick<Store, 'findResults'> {
  close(): Promise<void>;
}

/** What answers look-ups by hash. */
export interface Lookups extends LookupReader {
  /** Whether a replica does; undefined where none is configured. */
  isReplicaUp(): boolean | undefined;
}

export interface ReadReplicaOptions {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** First and longest pause before a replica that failed is asked again, in milliseconds. Default 1000 and 10 000. */
  readonly baseMs?: number;
  readonly capMs?: number;
}

/**
 * Look-ups by hash from a replica. What it has not yet received is a miss. Where it fails, in whatever way, the primary
 * answers in its place, and all look-ups until the replica answers one again.
 */
export function withReadReplica(
  replica: LookupReader,
  primary: Pick<Store, 'findResults'>,
  { logger, baseMs = 1000, capMs = 10_000 }: ReadReplicaOptions,
): Lookups {
  const breaker = new CircuitBreaker<string>({
    threshold: 1,
    baseMs,
    capMs,
    onChange(state, previous, reason) {
      if (previous === 'closed')
        logger.warn({ reason }, 'the read replica fails; the primary answers look-ups');
      if (state === 'closed') logger.info('the read replica answers look-ups again');
    },
  });

  async function findResults(lookups: readonly Lookup[]): Promise<(Found | undefined)[]> {
    const attempt = breaker.attempt();
    if (!attempt) return primary.findResults(lookups);
    try {
      const found = await replica.findResults(lookups);
      attempt.succeeded();
      return found;
    } catch (error) {
      attempt.failed(reasonOf(error));
      return primary.findResults(lookups);
    }
  }

  const { submit } = openBatcher({ run: findResults, maxItems: 500, maxWaiting: 10_000 });
  return {
    findResults: async (lookups) => [...(await submit(lookups))],
    isReplicaUp: () => breaker.state === 'closed',
    close: () => replica.close(),
  };
}
