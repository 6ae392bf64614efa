import type { ClassifyContext } from '../../classify/classifier.ts';
import type { CircuitBreaker } from '../../resilience/circuit-breaker.ts';
import type { Limiter } from '../../resilience/limiter.ts';
import type { MovingAverage } from '../../resilience/moving-average.ts';
import type { Target } from '../catalogue/target.ts';
import type { CallFailure } from './call-failure.ts';
import { type FailurePolicy, policyOf } from './failure-policy.ts';
import type { KeyRing } from './key-ring.ts';
import type { Price } from './price.ts';

/** What a vendor counts together: its limits and its unpaid bills hold for all keys and models of an account. */
export interface Account {
  readonly name: string;
  readonly limiter: Limiter;
  /** Of its providers. */
  readonly breakers: readonly CircuitBreaker<CallFailure>[];
}

/** One model of one vendor, with all that is known of its health. */
export interface Provider {
  /** As the configuration names it. */
  readonly name: string;
  /** The vendor's name of the model. */
  readonly model: string;
  readonly keys: KeyRing;
  readonly account: Account;
  readonly breaker: CircuitBreaker<CallFailure>;
  /** Of calls that were answered. */
  readonly callTime: MovingAverage;
  /** Longest that a call may take, its wait for a permit not counted. */
  readonly timeoutMs: number;
  /** `album`: only for photos that may wait. */
  readonly lane?: 'album';
  /** What the catalogue knows of the model and of where it is asked. */
  readonly target: Target;
  readonly price: Price | undefined;
}

/** Milliseconds until it may be asked, as far as its health goes; 0 for now. */
export function unavailableMs({ breaker, keys }: Provider): number {
  return Math.max(breaker.waitMs(), keys.waitMs());
}

/** No call is overdue sooner. */
const leastOverdueMs = 3_000;
/** As a multiple of what a call usually takes. */
const overdueTimes = 6;

/**
 * After that a call counts as failed, although its answer may still come; Infinity while no call was answered, and for
 * photos that may wait.
 */
export function overdueMs({ callTime: { ms = Infinity }, lane }: Provider): number {
  return lane === 'album' ? Infinity : Math.max(leastOverdueMs, overdueTimes * ms);
}

const maxCooldowns = { single: 0, batch: 1, album: 1, withoutFallback: 2 };

/**
 * How many cool-downs of a provider one photo waits for. Clients never ask again about a photo of a batch. At the half
 * price a photo waits until its deadline, unless only an operator can help.
 * @param lane of the photo, if a local model answers where no provider does
 */
export function mostCooldowns(provider: Provider, lane: ClassifyContext['lane'] | false | undefined): number {
  if (provider.lane !== 'album') return maxCooldowns[lane || 'withoutFallback'];
  const { breaker, keys } = provider;
  const policy: FailurePolicy | undefined = breaker.cause && policyOf(breaker.cause.class);
  return policy?.alert || keys.healthy === 0 ? 0 : Number.POSITIVE_INFINITY;
}

export function hostOf({ target }: Provider): string {
  return new URL(target.baseUrl).host;
}
