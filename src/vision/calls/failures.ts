import type { Logger } from 'pino';
import type { Text } from '../../messages/text.ts';
import { logThrottle } from '../../resilience/log-throttle.ts';
import { type CallFailure, failureOf, failureText, failureWords } from './call-failure.ts';
import type { VisionCallReport } from './call-report.ts';
import { type FailurePolicy, policyOf } from './failure-policy.ts';

/** The last calls of a provider that failed one after another. */
export interface LastFailure extends CallFailure {
  readonly words: string;
  /** The same, in no language yet. */
  readonly text: Text;
  /** Of the first and of the last of them, as ISO 8601. */
  readonly since: string;
  readonly at: string;
  readonly count: number;
  /** When the provider answered again; absent while it has not. */
  readonly overAt?: string;
}

/** Why calls fail: writes it to the log, and keeps the last failure of each provider. */
export interface Failures {
  report(call: VisionCallReport): void;
  /** Undefined where none has failed. */
  lastOf(provider: string): LastFailure | undefined;
  /** Of those providers, or of all, the one that matters most at present; undefined where all is well, and has been for an hour. */
  worst(providers?: readonly string[]): LastFailure | undefined;
  /** Whether its last two calls or more failed, one after another. A vendor that rejects calls for their number is well. */
  isFailing(provider: string): boolean;
  flush(): void;
}

const rememberedMs = 3_600_000;
/** A call and its repetition. */
const leastFailures = 2;

/** @param now Unix milliseconds */
export function openFailures({
  log,
  now = Date.now,
}: {
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  now?: () => number;
}): Failures {
  const last = new Map<string, LastFailure>();
  const lines = logThrottle<VisionCallReport>((call, count) => {
    const { provider, model, key } = call;
    const failure = failureOf(call);
    const policy: FailurePolicy = policyOf(failure.class);
    log[policy.alert ? 'error' : 'warn']({ provider, model, key, ...failure, count }, failureWords(failure));
  });

  function answered(provider: string): void {
    const failure = last.get(provider);
    if (failure === undefined || failure.overAt !== undefined) return;
    last.set(provider, { ...failure, overAt: new Date(now()).toISOString() });
    const { blame, opens }: FailurePolicy = policyOf(failure.class);
    const isSettled = blame === 'key' || opens !== undefined;
    if (isSettled) log.info({ provider, since: failure.since }, 'LLM answers again');
  }

  function failed(call: VisionCallReport): void {
    const { provider } = call;
    const at = new Date(now()).toISOString();
    const earlier = last.get(provider);
    const { since = at, count = 0 } = earlier?.overAt === undefined ? (earlier ?? {}) : {};
    const failure = failureOf(call);
    last.set(provider, {
      ...failure,
      words: failureWords(failure),
      text: failureText(failure),
      since,
      at,
      count: count + 1,
    });
  }

  return {
    report(call) {
      const { provider, outcome, status, code, unusable } = call;
      if (outcome === 'answered') return answered(provider);
      lines.add([provider, outcome, status, code, unusable].join(' '), call);
      // A photo that is refused says nothing about the provider.
      if (policyOf(outcome).blame !== 'photo') failed(call);
    },
    lastOf: (provider) => last.get(provider),
    worst(providers = [...last.keys()]) {
      const own = providers.flatMap((provider) => last.get(provider) ?? []);
      const recent = own.filter(
        ({ overAt }) => overAt === undefined || now() - Date.parse(overAt) < rememberedMs,
      );
      const open = recent.filter(({ overAt }) => overAt === undefined);
      return (open.length > 0 ? open : recent).toSorted((a, b) => b.at.localeCompare(a.at))[0];
    },
    isFailing(provider) {
      const failure = last.get(provider);
      if (failure === undefined || failure.overAt !== undefined) return false;
      return failure.count >= leastFailures && policyOf(failure.class).next !== 'wait';
    },
    flush: () => lines.flush(),
  };
}
