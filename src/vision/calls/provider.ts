import type { CircuitBreaker } from '../../resilience/circuit-breaker.ts';
import type { Limiter } from '../../resilience/limiter.ts';
import type { UsualTime } from '../../resilience/usual-time.ts';
import type { Target } from '../catalogue/target.ts';
import type { KeyRing } from './key-ring.ts';
import type { Price } from './price.ts';

/** What a vendor counts together: its limits and its unpaid bills hold for all keys and models of an account. */
export interface Account {
  readonly name: string;
  readonly limiter: Limiter;
  /** Of its providers. */
  readonly breakers: readonly CircuitBreaker[];
}

/** One model of one vendor, with all that is known of its health. */
export interface Provider {
  /** As the configuration names it. */
  readonly name: string;
  /** The vendor's name of the model. */
  readonly model: string;
  readonly keys: KeyRing;
  readonly account: Account;
  readonly breaker: CircuitBreaker;
  /** Of calls that were answered. */
  readonly usual: UsualTime;
  /** Longest that a call may take, its wait for a permit not counted. */
  readonly timeoutMs: number;
  /** What the catalogue knows of the model and of where it is asked. */
  readonly target: Target;
  readonly price: Price | undefined;
}

/** Milliseconds until it may be asked, as far as its health goes; 0 for now. */
export function coolingMs({ breaker, keys }: Provider): number {
  return Math.max(breaker.waitMs(), keys.waitMs());
}
