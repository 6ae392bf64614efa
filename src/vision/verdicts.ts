import type { Ending } from '../resilience/gate.ts';

/** What follows from a failed attempt. */
export interface Verdict {
  /**
   * `again`: the same provider after a pause, another one at once. `plain`: once more with the plainest question,
   * same key, then nobody else. `repair`: once more for the bare key, then the next provider. `other_key`: the
   * provider's next key, then the next provider. `next`: the next provider. `stop`: nobody else is asked.
   */
  readonly next: 'again' | 'plain' | 'repair' | 'other_key' | 'next' | 'stop';
  /** Whose circuit counts it; a key is put aside. */
  readonly blame: 'nobody' | 'provider' | 'account' | 'key' | 'model' | 'photo' | 'us';
  /** What number and pace of calls learn from it. */
  readonly ending: Ending;
  /** Opens the circuit of the provider or of its whole account at once. */
  readonly opens?: 'provider' | 'account';
  /** The photo is not sent again for a while. */
  readonly remember?: true;
  /** Somebody has to do something about it. */
  readonly alert?: true;
}

/** Every class of failure and what follows. Nothing else decides on errors. */
export const verdicts = {
  // The vendor's answers
  transient: { next: 'again', blame: 'provider', ending: 'other' },
  timeout: { next: 'again', blame: 'provider', ending: 'timed_out' },
  rate_limited: { next: 'again', blame: 'account', ending: 'too_fast' },
  concurrency_limited: { next: 'again', blame: 'account', ending: 'too_many' },
  token_limited: { next: 'again', blame: 'account', ending: 'too_fast' },
  out_of_credit: { next: 'next', blame: 'account', ending: 'other', opens: 'account', alert: true },
  bad_key: { next: 'other_key', blame: 'key', ending: 'other', alert: true },
  model_not_found: { next: 'next', blame: 'model', ending: 'other', opens: 'provider', alert: true },
  refused: { next: 'plain', blame: 'photo', ending: 'succeeded', remember: true },
  bad_answer: { next: 'repair', blame: 'model', ending: 'succeeded' },
  bad_request: { next: 'stop', blame: 'us', ending: 'other', alert: true },
  internal: { next: 'stop', blame: 'us', ending: 'other', alert: true },
  // Our own refusals to send anything
  turned_away: { next: 'again', blame: 'nobody', ending: 'other' },
  queue_full: { next: 'next', blame: 'nobody', ending: 'other' },
  queue_timeout: { next: 'stop', blame: 'nobody', ending: 'other' },
  cooling: { next: 'stop', blame: 'nobody', ending: 'other' },
  no_key: { next: 'next', blame: 'nobody', ending: 'other' },
  over_budget: { next: 'stop', blame: 'nobody', ending: 'other' },
  budget_unknown: { next: 'stop', blame: 'nobody', ending: 'other' },
  refused_before: { next: 'stop', blame: 'nobody', ending: 'other' },
} as const satisfies Record<string, Verdict>;

export type FailureClass = keyof typeof verdicts;

/** A class that the table does not know is our own fault. */
export function verdictOf(reason: string): Verdict {
  return Object.hasOwn(verdicts, reason) ? verdicts[reason as FailureClass] : verdicts.internal;
}
