import type { ClassifyContext } from '../../classify/classifier.ts';
import { VisionError } from '../../errors.ts';
import type { Attempt } from '../../resilience/circuit-breaker.ts';
import { LimiterError, type Permit } from '../../resilience/limiter.ts';
import { timeLimit } from '../../resilience/wait-until.ts';
import type { CallFailure } from './call-failure.ts';
import type { Key } from './key-ring.ts';
import type { Provider } from './provider.ts';
import type { Reservation, Spending } from './spending.ts';

/** A call that may be sent now: limiter, breaker and budget allow it. */
export interface AcquiredCall {
  readonly provider: Provider;
  readonly key: Key;
  readonly permit: Permit;
  readonly attempt: Attempt<CallFailure>;
  readonly money: Reservation;
  /** Of the photo. */
  readonly lane: ClassifyContext['lane'];
}

export interface CallRequest {
  readonly provider: Provider;
  /** The only key that may be used; a healthy one where absent. */
  readonly key?: Key | undefined;
  /** The photo's number in order of arrival. */
  readonly arrival: number;
  /** It waited before: it returns to its position in the queue. */
  readonly isReturning: boolean;
}

const lanes = ['single', 'batch', 'album'] as const satisfies ClassifyContext['lane'][];

/**
 * Waits until a call may be sent to a provider.
 * @throws VisionError no call may be sent, or not in time; the reason of `context.signal`
 */
export async function acquireCall(
  request: CallRequest,
  spending: Spending,
  context: ClassifyContext,
): Promise<AcquiredCall> {
  const { provider } = request;
  if (spending.isExhausted) throw new VisionError('over_budget');
  // A probe doesn't queue: those who wait for it would wait for the queue.
  const isClosed = provider.breaker.state === 'closed';
  const probe = isClosed ? undefined : provider.breaker.attempt();
  if (!isClosed && probe === undefined) throw new VisionError('rejected');
  const permit = await acquirePermit(request, context, probe !== undefined).catch((error) => {
    probe?.abandoned();
    throw error;
  });
  // Chosen now: a key may have been put aside during the wait.
  const key = request.key ?? provider.keys.next();
  const attempt = probe ?? provider.breaker.attempt();
  try {
    if (key === undefined) throw new VisionError('no_key');
    if (attempt === undefined) throw new VisionError('rejected');
    const money = await spending.reserve(provider.price);
    if (context.signal.aborted) money.settle('nothing');
    context.signal.throwIfAborted();
    return { provider, key, permit, attempt, money, lane: context.lane };
  } catch (error) {
    attempt?.abandoned();
    permit.release('other');
    throw error;
  }
}

/** Gives everything back. */
export function abandonCall({ permit, attempt, money }: AcquiredCall): void {
  money.settle('nothing');
  attempt.abandoned();
  permit.release('other');
}

async function acquirePermit(
  { provider, arrival, isReturning }: CallRequest,
  context: ClassifyContext,
  isProbe: boolean,
): Promise<Permit> {
  // A permit that comes too late for a call is of no use, and another request may still be in time.
  const callMs = Math.min(provider.callTime.ms ?? 0, context.deadline.leftMs() / 2);
  const deadline = { leftMs: () => context.deadline.leftMs() - callMs };
  using limit = timeLimit({ deadline, signal: context.signal }, () => new VisionError('queue_timeout'));
  try {
    return await provider.account.limiter.acquire({
      priority: () => lanes.indexOf(context.lane),
      ...(context.caller !== undefined && { fairnessKey: context.caller }),
      arrival,
      isReturning,
      isProbe,
      signal: limit.signal,
    });
  } catch (error) {
    if (!(error instanceof LimiterError)) throw error;
    throw new VisionError(error.why === 'full' ? 'queue_full' : 'rejected');
  }
}
