import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Trace } from '../../classify/classifier.ts';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import { VisionError } from '../../errors.ts';
import { deadlineIn } from '../../resilience/deadline.ts';
import { timeLimit } from '../../resilience/wait-until.ts';
import { type Reading, readReply } from '../wire/reply.ts';
import { type Failure, VendorError } from '../wire/vendor-error.ts';
import { allowanceOf, vendorWaitMs } from '../wire/vendor-wait.ts';
import type { TokenUsage, VisionQuestion } from '../wire/vision-model.ts';
import type { AcquiredCall } from './acquire-call.ts';
import { type CallFailure, failureOf } from './call-failure.ts';
import type { VisionCallReport, VisionHooks } from './call-report.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import { type FailurePolicy, policyOf } from './failure-policy.ts';
import { hostOf, overdueMs } from './provider.ts';

export interface SendCallOptions {
  readonly taxonomy: Taxonomy;
  readonly log: Logger;
  readonly hooks?: VisionHooks | undefined;
  readonly inFlight?: CallsInFlight | undefined;
}

/** A vendor in trouble that asks for that long or longer gets no calls at all meanwhile. */
const longWaitMs = 2_000;
/** How long a circuit stays open that one answer opened. */
const certainCooldownMs = 30_000;

const noSignal = new AbortController().signal;

/** Aborts with a VendorError `timeout`. */
export function callTimeLimit(timeoutMs: number, signal = noSignal): ReturnType<typeof timeLimit> {
  const context = { deadline: deadlineIn(timeoutMs), signal };
  return timeLimit(context, () => new VendorError({ network: 'timeout' }));
}

/**
 * Sends one call, parses the reply, reports the outcome. A call that was sent is paid for: only its time limit
 * or the end of the process ends it, and its answer can still be remembered when the caller has left.
 * @param attempt of this photo, 1 for the first
 * @throws VisionError it could not answer
 */
export async function sendCall(
  call: AcquiredCall,
  question: VisionQuestion,
  attempt: number,
  options: SendCallOptions,
): Promise<Reading> {
  const { provider } = call;
  using _call = options.inFlight?.begin();
  using limit = callTimeLimit(provider.timeoutMs, options.inFlight?.stop);
  const startedAt = performance.now();
  const span = question.trace && spanOf(question.trace);
  const report = (outcome: string, paid: Paid, details?: Partial<VisionCallReport>) => {
    const durationMs = Math.round(performance.now() - startedAt);
    reportCall(call, { attempt, outcome, durationMs, ...span?.logged, ...details }, paid, options);
  };
  let usage: TokenUsage | undefined;
  const lateMs = overdueMs(provider);
  const timer = lateMs < provider.timeoutMs ? setTimeout(() => countAsOverdue(call), lateMs) : undefined;
  try {
    const reply = await call.key.model.ask(question, limit.signal, span?.traceparent);
    usage = reply.usage;
    const reading = readReply(reply.text, options.taxonomy, question.tags);
    provider.callTime.add(performance.now() - startedAt);
    call.attempt.succeeded();
    call.permit.release('succeeded', allowanceOf(reply.headers, false));
    report('answered', usage ?? 'unknown');
    return reading;
  } catch (error) {
    const failure = error instanceof VisionError ? error : new VisionError('internal');
    const { failure: details, summary } = failure instanceof VendorError ? failure : {};
    applyPolicy(
      call,
      failureOf({ outcome: failure.reason, host: hostOf(provider), ...summary }),
      details,
      options,
    );
    // A hook reads the state after the call: a key that was just refused is not healthy.
    report(failure.reason, usage ?? paidFor(details), summary);
    throw failure;
  } finally {
    clearTimeout(timer);
  }
}

/** The call as a part of the caller's trace. */
function spanOf({ traceId, flags }: Trace) {
  const spanId = randomBytes(8).toString('hex');
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    logged: { trace_id: traceId, span_id: spanId },
  };
}

/** A vendor that hangs must not hold all permits until the time limits of its calls. */
function countAsOverdue({ provider, attempt, permit }: AcquiredCall): void {
  attempt.failed({ class: 'timeout', host: hostOf(provider) });
  permit.release('timed_out');
}

type Paid = TokenUsage | 'nothing' | 'unknown';

function reportCall(
  { provider, key, permit, money, lane }: AcquiredCall,
  ended: Pick<VisionCallReport, 'attempt' | 'outcome' | 'durationMs'>,
  paid: Paid,
  { log, hooks }: SendCallOptions,
): void {
  const costMicro = money.settle(paid);
  const report: VisionCallReport = {
    provider: provider.name,
    lane,
    account: provider.account.name,
    key: key.fingerprint,
    model: provider.model,
    host: hostOf(provider),
    waitedMs: Math.round(permit.waitedMs),
    ...(typeof paid === 'object' && { usage: paid }),
    ...(costMicro !== undefined && { costMicro }),
    ...ended,
  };
  // The failure log has a line for failures.
  log[report.outcome === 'answered' ? 'info' : 'debug'](report, 'vision call');
  hooks?.onCall?.(report);
}

/** Keys, circuits and the limiter learn from a failure what the policy says. */
function applyPolicy(
  { provider, key, permit, attempt }: AcquiredCall,
  failure: CallFailure,
  details: Failure | undefined,
  { hooks }: SendCallOptions,
): void {
  const policy: FailurePolicy = policyOf(failure.class);
  if (policy.blame === 'key') provider.keys.quarantine(key);
  const askedMs = vendorWaitMs(details?.headers);
  const isLong = policy.next === 'again' && askedMs >= longWaitMs;
  const opened = policy.opens === 'account' ? provider.account.breakers : [provider.breaker];
  if (policy.opens || isLong)
    for (const breaker of opened) breaker.openFor(isLong ? askedMs : certainCooldownMs, failure);
  const allowance = policy.outcome === 'rejected' ? allowanceOf(details?.headers, true) : undefined;
  if (policy.blame === 'provider') attempt.failed(failure);
  const isExplained = permit.release(policy.outcome, allowance);
  // A vendor that rejects a call alone is as good as gone.
  if (!isExplained) attempt.failed(failure);
  // A vendor that rejects or refuses a call is there.
  else if (policy.blame === 'photo' || policy.blame === 'us') attempt.succeeded();
  else if (policy.outcome === 'rejected' && attempt.isProbe) attempt.succeeded();
  else if (policy.blame !== 'provider') attempt.abandoned();
  if (policy.alert) hooks?.onAlert?.({ provider: provider.name, reason: failure.class });
}

/** Of calls that reached no vendor. */
const unsent: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** An error costs nothing; a call that broke off may have been paid for. */
function paidFor(details: Failure | undefined): Paid {
  if (details?.usage) return details.usage;
  return details?.error || unsent.has(details?.network) ? 'nothing' : 'unknown';
}
