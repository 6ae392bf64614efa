import type { Outcome } from '../../resilience/limiter.ts';

/** What follows from a failed attempt. */
export interface FailurePolicy {
  /**
   * `wait`: it may be asked anew as soon as there is room, here or elsewhere. `again`: the same provider after a
   * pause, another one at once. `plain`: once for a photo with the plainest question and the same key, then the next
   * provider. `repair`: once more for the bare key, then the next provider. `other_key`: the provider's next key, then
   * the next provider. `next`: the next provider. `stop`: nobody else is asked.
   */
  readonly next: 'wait' | 'again' | 'plain' | 'repair' | 'other_key' | 'next' | 'stop';
  /** The provider's circuit counts what it is to blame for; a key is put aside. */
  readonly blame: 'nobody' | 'provider' | 'key' | 'photo' | 'us';
  /** What the number of calls learns from it. */
  readonly outcome: Outcome;
  /** Opens the circuit of the provider, or of all of its account, at once. */
  readonly opens?: 'provider' | 'account';
  /** The photo is not sent again for a while. */
  readonly remember?: true;
  /** Somebody has to do something about it. */
  readonly alert?: true;
}

/** Every class of failure and what follows. Nothing else decides on errors. */
export const policies = {
  // The vendor's answers
  server_error: { next: 'again', blame: 'provider', outcome: 'other' },
  overloaded: { next: 'again', blame: 'provider', outcome: 'other' },
  network: { next: 'again', blame: 'provider', outcome: 'other' },
  timeout: { next: 'again', blame: 'provider', outcome: 'timed_out' },
  rate_limited: { next: 'wait', blame: 'nobody', outcome: 'rejected' },
  concurrency_limited: { next: 'wait', blame: 'nobody', outcome: 'rejected' },
  out_of_credit: { next: 'next', blame: 'nobody', outcome: 'other', opens: 'account', alert: true },
  bad_key: { next: 'other_key', blame: 'key', outcome: 'other', alert: true },
  unusable_model: { next: 'next', blame: 'provider', outcome: 'other', opens: 'provider', alert: true },
  refused: { next: 'plain', blame: 'photo', outcome: 'succeeded', remember: true },
  bad_answer: { next: 'repair', blame: 'provider', outcome: 'succeeded' },
  bad_request: { next: 'next', blame: 'us', outcome: 'other', alert: true },
  internal: { next: 'next', blame: 'us', outcome: 'other', alert: true },
  // Our own refusals to send anything
  rejected: { next: 'wait', blame: 'nobody', outcome: 'other' },
  resting: { next: 'next', blame: 'nobody', outcome: 'other' },
  queue_full: { next: 'next', blame: 'nobody', outcome: 'other' },
  queue_timeout: { next: 'next', blame: 'nobody', outcome: 'other' },
  cooling: { next: 'next', blame: 'nobody', outcome: 'other' },
  no_key: { next: 'next', blame: 'nobody', outcome: 'other' },
  over_budget: { next: 'stop', blame: 'nobody', outcome: 'other' },
  budget_unknown: { next: 'stop', blame: 'nobody', outcome: 'other' },
  refused_before: { next: 'stop', blame: 'nobody', outcome: 'other' },
} as const satisfies Record<string, FailurePolicy>;

export type FailureClass = keyof typeof policies;

/** A class that the table does not know is our own fault. */
export function policyOf(reason: string): FailurePolicy {
  return Object.hasOwn(policies, reason) ? policies[reason as FailureClass] : policies.internal;
}
