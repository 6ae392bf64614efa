import type { ClassifyContext } from '../../classify/classifier.ts';
import { VisionError } from '../../errors.ts';
import { type BackoffOptions, backoffMs, pause } from '../../resilience/backoff.ts';
import type { MonotonicClock } from '../../resilience/deadline.ts';
import type { RetryBudget } from '../../resilience/retry-budget.ts';
import type { Reading } from '../wire/reply.ts';
import { VendorError } from '../wire/vendor-error.ts';
import { vendorWaitMs } from '../wire/vendor-wait.ts';
import type { VisionQuestion } from '../wire/vision-model.ts';
import { abandon, acquireCall, type ReadyCall } from './acquire-call.ts';
import { policyOf } from './failure-policy.ts';
import type { Key } from './key-ring.ts';
import { coolingMs, type Provider } from './provider.ts';
import { type SendCallOptions, sendCall } from './send-call.ts';
import type { Reservation, Spending } from './spending.ts';

export interface AskOptions extends SendCallOptions {
  /** In order of preference, at least one. */
  readonly providers: readonly Provider[];
  readonly spending: Spending;
  readonly retryBudget: RetryBudget;
  /** Failed calls of one provider for one photo. */
  readonly tries: number;
  readonly backoff: BackoffOptions;
  /** Somebody else answers where no provider does, so nobody waits long for one that is in trouble. */
  readonly hasFallback?: boolean;
  readonly nowMs?: MonotonicClock;
}

export interface Questions {
  readonly full: VisionQuestion;
  /** The plainest there is: after a refusal or an answer that could not be used. */
  readonly plain: VisionQuestion;
}

export interface VisionAnswer extends Reading {
  readonly model: string;
  /** Of all calls for this photo, where a price is known: millionths of a currency unit. */
  readonly costMicro?: number;
}

/** Where one photo stands with one provider. */
interface Standing {
  readonly provider: Provider;
  failures: number;
  notBeforeMs: number;
  isPlain: boolean;
  /** Its next call is one more because the last one failed. */
  isRepeated: boolean;
  isOut: boolean;
  /** The only key that may be used. */
  key?: Key;
}

/** With less time left than that no call is begun. */
const leastUsefulMs = 200;
/** How many cool-downs of a circuit one photo waits for. Clients never ask again about a photo of a batch. */
const maxCoolings = { single: 0, batch: 1, background: 1, withoutFallback: 2 };

/** Photos so far: who was refused goes back to its place among them. */
let arrivals = 0;

/**
 * Asks one provider after another until one answers, the table says that there is no use, or the time is up. The only
 * place where anything is tried twice.
 * @throws VisionError the last failure; the reason of `context.signal`
 */
export async function ask(
  questions: Questions,
  options: AskOptions,
  context: ClassifyContext,
): Promise<VisionAnswer> {
  const { nowMs = () => performance.now(), hasFallback = false } = options;
  const arrival = ++arrivals;
  const standings = options.providers.map(
    (provider): Standing => ({
      provider,
      failures: 0,
      notBeforeMs: 0,
      isPlain: false,
      isRepeated: false,
      isOut: false,
    }),
  );
  const mostCoolings = maxCoolings[hasFallback ? context.lane : 'withoutFallback'];
  let attempts = 0;
  let coolings = 0;
  let costMicro: number | undefined;
  let last: VisionError | undefined;
  /** Once is enough to find out whether it is about the question. */
  let isRefused = false;
  /** It was let wait once: it goes where there is room, or back to its place. */
  let isReturning = false;

  const waitOf = ({ provider, notBeforeMs }: Standing) =>
    Math.max(coolingMs(provider), provider.account.limiter.pauseMs(), notBeforeMs - nowMs());

  /** The first that may be asked now, else the one that may be asked soonest. */
  function choose(): Standing | undefined {
    const left = standings.filter(({ isOut }) => !isOut).sort((one, other) => waitOf(one) - waitOf(other));
    const ready = standings.filter((one) => !one.isOut && waitOf(one) <= 0);
    const roomy = isReturning ? ready.find(({ provider }) => provider.account.limiter.hasRoom) : undefined;
    return roomy ?? ready[0] ?? left[0];
  }

  /** @returns whether it may be asked now; otherwise something may have changed */
  async function untilReady({ provider, notBeforeMs }: Standing): Promise<boolean> {
    const { breaker, account } = provider;
    const restMs = account.limiter.pauseMs();
    // While the circuit is closed the limiter itself waits for the end of a rest.
    const troubleMs = Math.max(coolingMs(provider), breaker.state === 'closed' ? 0 : restMs);
    if (troubleMs > 0 && !breaker.isProbing && ++coolings > mostCoolings)
      throw last ?? new VisionError('cooling');
    const waitMs = Math.max(troubleMs, notBeforeMs - nowMs());
    const soonestMs = Math.max(waitMs, restMs);
    if (soonestMs > 0 && soonestMs + leastUsefulMs > context.deadline.leftMs())
      throw last ?? new VisionError(troubleMs > 0 ? 'cooling' : 'resting');
    if (waitMs > 0) await breaker.wait(waitMs, context.signal);
    return waitMs <= 0;
  }

  function attempt(standing: Standing, ready: ReadyCall): Promise<Reading> {
    if (attempts++ === 0) options.retryBudget.first();
    standing.key = ready.key;
    const money: Reservation = {
      settle(paid) {
        const paidMicro = ready.money.settle(paid);
        if (paidMicro !== undefined) costMicro = (costMicro ?? 0) + paidMicro;
        return paidMicro;
      },
    };
    const question = standing.isPlain ? questions.plain : questions.full;
    const call = sendCall({ ...ready, money }, question, attempts, options, context);
    return ready.attempt.isProbe && hasFallback ? patiently(call, standing) : call;
  }

  /** Nobody waits for a probe longer than for an ordinary call; its answer is remembered all the same. */
  async function patiently(call: Promise<Reading>, standing: Standing): Promise<Reading> {
    const isOver = new AbortController();
    const ended = call.then(
      () => true,
      () => true,
    );
    const patience = pause(standing.provider.breaker.waitMs(), isOver.signal).then(
      () => false,
      () => true,
    );
    const hasEnded = await Promise.race([ended, patience]);
    isOver.abort();
    if (hasEnded) return call;
    standing.isOut = true;
    if (standings.some((one) => !one.isOut && waitOf(one) <= 0)) throw new VisionError('cooling');
    for (const one of standings) one.isOut = true;
    context.release?.(new VisionError('cooling'));
    return call;
  }

  function follow(standing: Standing, error: VisionError) {
    const policy = policyOf(error.reason);
    const { isPlain } = standing;
    if (policy.next !== 'plain') delete standing.key;
    isReturning = policy.next === 'wait';
    if (error instanceof VendorError) standing.isRepeated = false;
    if (policy.next === 'again' || policy.next === 'repair') standing.isRepeated = true;
    switch (policy.next) {
      case 'wait':
        return;
      case 'again': {
        const headers = error instanceof VendorError ? error.failure.headers : undefined;
        const waitMs = Math.max(backoffMs(++standing.failures, options.backoff), vendorWaitMs(headers));
        standing.notBeforeMs = nowMs() + waitMs;
        standing.isOut ||= standing.failures >= options.tries;
        return;
      }
      case 'plain':
        standing.isOut ||= isRefused;
        standing.isPlain = isRefused = true;
        return;
      case 'repair':
        standing.isOut ||= isPlain;
        standing.isPlain = true;
        return;
      case 'other_key':
        standing.isOut ||= standing.provider.keys.healthy === 0;
        return;
      case 'next':
        standing.isOut = true;
        return;
      case 'stop':
        for (const one of standings) one.isOut = true;
        return;
      default:
        policy.next satisfies never;
    }
  }

  for (let standing = choose(); standing !== undefined; standing = choose()) {
    if (!(await untilReady(standing))) continue;
    let ready: ReadyCall | undefined;
    try {
      const { provider, key } = standing;
      ready = await acquireCall({ provider, key, arrival, isReturning }, options.spending, context);
      if (!standing.isRepeated || options.retryBudget.extra()) {
        const reading = await attempt(standing, ready);
        return { ...reading, model: provider.model, ...(costMicro !== undefined && { costMicro }) };
      }
    } catch (error) {
      if (!(error instanceof VisionError)) throw error;
      last = error;
      follow(standing, error);
      context.signal.throwIfAborted();
      continue;
    }
    abandon(ready);
    standing.isOut = true;
  }
  throw last ?? new VisionError('internal');
}
