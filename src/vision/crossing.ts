import type { Provider } from './provider.ts';
import type { Verdict } from './verdicts.ts';

/** One call's way through the circuits of its provider and of its account. */
export interface Crossing {
  /** Once: whose fault it was; nobody's for a call that was not made or not ended. */
  end(blame: Verdict['blame'] | 'answered'): void;
}

/** Undefined where one of the circuits lets nobody through. */
export function crossingOf({ breaker, account }: Provider): Crossing | undefined {
  const provider = breaker.enter();
  if (provider === undefined) return undefined;
  const group = account.breaker.enter();
  if (group === undefined) {
    provider.left();
    return undefined;
  }
  return {
    end(blame) {
      switch (blame) {
        case 'answered':
        case 'photo':
        case 'us':
          provider.succeeded();
          group.succeeded();
          return;
        case 'provider':
        case 'model':
          provider.failed();
          group.left();
          return;
        case 'account':
          provider.left();
          group.failed();
          return;
        case 'key':
        case 'nobody':
          provider.left();
          group.left();
          return;
        default:
          blame satisfies never;
      }
    },
  };
}
