import type { Logger } from 'pino';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import { VisionError } from '../../errors.ts';
import type { Attempt } from '../../resilience/circuit-breaker.ts';
import type { Deadline } from '../../resilience/deadline.ts';
import { timeLimit } from '../../resilience/time-limit.ts';
import { type Reading, readReply } from '../wire/reply.ts';
import { type Failure, type FailureSummary, VendorError } from '../wire/vendor-error.ts';
import { allowanceOf, vendorWaitMs } from '../wire/vendor-wait.ts';
import type { TokenUsage, VisionQuestion } from '../wire/vision-model.ts';
import type { ReadyCall } from './acquire-call.ts';
import type { VisionHooks } from './call-report.ts';
import { type FailurePolicy, policyOf } from './failure-policy.ts';

export interface SendCallOptions {
  readonly taxonomy: Taxonomy;
  /**
   * A call once sent is paid for: nothing but its time limit ends it, and its answer can still be remembered. Only for
   * use behind a wrapper that lets callers go at their own deadline.
   */
  readonly finishSent?: boolean;
  readonly log: Logger;
  readonly hooks?: VisionHooks | undefined;
}

export interface CallContext {
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
}

const unending: CallContext = { deadline: { leftMs: () => Infinity }, signal: new AbortController().signal };

/** A vendor in trouble that asks for that long or longer is left alone by everybody, not by the one call only. */
const noticeableWaitMs = 2_000;

/** How long a circuit stays open that an answer has opened at once. */
const certainCooldownMs = 30_000;

/**
 * One call: sent, timed, its words checked, everybody told how it went, a line in the log.
 * @param attempt of this photo, 1 for the first
 * @throws VisionError it could not answer; the reason of `context.signal` when that ended it
 */
export async function sendCall(
  ready: ReadyCall,
  question: VisionQuestion,
  attempt: number,
  options: SendCallOptions,
  context: CallContext,
): Promise<Reading> {
  const { deadline, signal } = options.finishSent ? unending : context;
  const capMs = ready.provider.timeoutMs;
  using limit = timeLimit({ deadline, capMs, expired: () => new VisionError('timeout') }, signal);
  const startedAt = performance.now();
  const report = (outcome: string, paid: TokenUsage | 'nothing' | 'unknown', summary?: FailureSummary) => {
    const costMicro = ready.money.settle(paid);
    const call = {
      provider: ready.provider.name,
      account: ready.provider.account.name,
      key: ready.key.fingerprint,
      model: ready.provider.model,
      host: new URL(ready.provider.target.baseUrl).host,
      attempt,
      outcome,
      durationMs: Math.round(performance.now() - startedAt),
      waitedMs: Math.round(ready.permit.waitedMs),
      ...(typeof paid === 'object' && { usage: paid }),
      ...(costMicro !== undefined && { costMicro }),
      ...summary,
    };
    // Failures are told once a minute by who gets the reports.
    options.log[outcome === 'answered' ? 'info' : 'debug'](call, 'vision call');
    options.hooks?.onCall?.(call);
  };
  let usage: TokenUsage | undefined;
  try {
    const reply = await ready.key.model.ask(question, limit.signal);
    usage = reply.usage;
    const reading = readReply(reply.text, options.taxonomy);
    ready.provider.usual.add(performance.now() - startedAt);
    ready.attempt.succeeded();
    ready.permit.release('succeeded', allowanceOf(reply.headers, false));
    report('answered', usage ?? 'unknown');
    return reading;
  } catch (error) {
    if (signal.aborted) {
      ready.attempt.abandoned();
      ready.permit.release('other');
      report('cancelled', usage ?? 'unknown');
      throw signal.reason;
    }
    const failure = error instanceof VisionError ? error : new VisionError('internal');
    const details = failure instanceof VendorError ? failure.failure : undefined;
    spread(failure, details, ready, options);
    report(failure.reason, usage ?? paidFor(details), failure instanceof VendorError ? failure.summary : {});
    throw failure;
  }
}

/** Lets everybody know whom the table blames. */
function spread(
  error: VisionError,
  details: Failure | undefined,
  { provider, key, permit, attempt: breakerAttempt }: ReadyCall,
  { hooks }: SendCallOptions,
): void {
  const policy: FailurePolicy = policyOf(error.reason);
  if (policy.blame === 'key') provider.keys.quarantine(key);
  const askedMs = vendorWaitMs(details?.headers);
  const isLong = policy.next === 'again' && askedMs >= noticeableWaitMs;
  const opened = policy.opens === 'account' ? provider.account.breakers : [provider.breaker];
  if (policy.opens || isLong)
    for (const breaker of opened) breaker.openFor(isLong ? askedMs : certainCooldownMs, error.reason);
  const allowance = policy.outcome === 'rejected' ? allowanceOf(details?.headers, true) : undefined;
  if (policy.blame === 'provider') breakerAttempt.failed(error.reason);
  const isExplained = permit.release(policy.outcome, allowance);
  if (policy.blame !== 'provider') settle(breakerAttempt, policy, isExplained ? undefined : error.reason);
  if (policy.alert) hooks?.onAlert?.({ provider: provider.name, reason: error.reason });
}

/** @param cause of a refusal where nobody was let in: the vendor is as good as gone */
function settle(
  breakerAttempt: Attempt<string>,
  { blame, outcome }: FailurePolicy,
  cause: string | undefined,
): void {
  if (cause !== undefined) breakerAttempt.failed(cause);
  // Whoever refuses is there.
  else if (blame === 'photo' || blame === 'us' || (breakerAttempt.isProbe && outcome === 'rejected'))
    breakerAttempt.succeeded();
  else breakerAttempt.abandoned();
}

/** Of calls that found nobody to talk to: no vendor has seen them. */
const unsent: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** An error costs nothing; a call that broke off may have been paid for. */
function paidFor(details: Failure | undefined): TokenUsage | 'nothing' | 'unknown' {
  if (details?.usage) return details.usage;
  return details?.error || unsent.has(details?.network) ? 'nothing' : 'unknown';
}
