import type { Outcome } from '../../resilience/limiter.ts';

/** What follows from a failed call. */
export interface FailurePolicy {
  /**
   * `wait`: any provider as soon as it has room. `again`: the same provider after a pause, another one at once.
   * `plain`: the plainest question with the same key, once per photo, then the next provider. `repair`: the plainest
   * question once more, then the next provider. `other_key`: the provider's next key, then
   * the next provider. `next`: the next provider. `stop`: no other provider.
   */
  readonly next: 'wait' | 'again' | 'plain' | 'repair' | 'other_key' | 'next' | 'stop';
  /** The provider's circuit counts its failures; a key is put aside. */
  readonly blame: 'none' | 'provider' | 'key' | 'photo' | 'us';
  /** What the number of calls learns from it. */
  readonly outcome: Outcome;
  /** Opens the circuit of the provider, or of all of its account, at once. */
  readonly opens?: 'provider' | 'account';
  /** The photo is not sent again until the refusal expires. */
  readonly remember?: true;
  /** An operator has to act. */
  readonly alert?: true;
}

/** Every class of failure and what follows. Nothing else decides on errors. */
export const policies = {
  // The vendor's answers
  server_error: { next: 'again', blame: 'provider', outcome: 'other' },
  overloaded: { next: 'again', blame: 'provider', outcome: 'other' },
  network: { next: 'again', blame: 'provider', outcome: 'other' },
  timeout: { next: 'again', blame: 'provider', outcome: 'timed_out' },
  rate_limited: { next: 'wait', blame: 'none', outcome: 'rejected' },
  concurrency_limited: { next: 'wait', blame: 'none', outcome: 'rejected' },
  out_of_credit: { next: 'next', blame: 'none', outcome: 'other', opens: 'account', alert: true },
  bad_key: { next: 'other_key', blame: 'key', outcome: 'other', alert: true },
  unusable_model: { next: 'next', blame: 'provider', outcome: 'other', opens: 'provider', alert: true },
  refused: { next: 'plain', blame: 'photo', outcome: 'succeeded', remember: true },
  bad_answer: { next: 'repair', blame: 'provider', outcome: 'succeeded' },
  bad_request: { next: 'next', blame: 'us', outcome: 'other', alert: true },
  internal: { next: 'next', blame: 'us', outcome: 'other', alert: true },
  // No call was sent
  rejected: { next: 'wait', blame: 'none', outcome: 'other' },
  resting: { next: 'next', blame: 'none', outcome: 'other' },
  queue_full: { next: 'next', blame: 'none', outcome: 'other' },
  queue_timeout: { next: 'next', blame: 'none', outcome: 'other' },
  cooling: { next: 'next', blame: 'none', outcome: 'other' },
  no_key: { next: 'next', blame: 'none', outcome: 'other' },
  over_budget: { next: 'stop', blame: 'none', outcome: 'other' },
  budget_unknown: { next: 'stop', blame: 'none', outcome: 'other' },
  refused_before: { next: 'stop', blame: 'none', outcome: 'other' },
} as const satisfies Record<string, FailurePolicy>;

export type FailureClass = keyof typeof policies;

/** A class that the table does not know is our own fault. */
export function policyOf(reason: string): FailurePolicy {
  return Object.hasOwn(policies, reason) ? policies[reason as FailureClass] : policies.internal;
}
