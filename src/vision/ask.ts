import type { ClassifyContext } from '../classify/classifier.ts';
import { VisionError } from '../errors.ts';
import { type BackoffOptions, backoffMs, pause } from '../resilience/backoff.ts';
import type { MonotonicClock } from '../resilience/deadline.ts';
import type { RetryBudget } from '../resilience/retry-budget.ts';
import type { Key } from './key-ring.ts';
import { coolingMs, type Provider } from './provider.ts';
import { abandon, type ReadyCall, readyCall } from './ready-call.ts';
import type { Reading } from './reply.ts';
import { type SentCallOptions, sentCall } from './sent-call.ts';
import type { Reservation, Spending } from './spending.ts';
import { VendorError } from './vendor-error.ts';
import { vendorWaitMs } from './vendor-wait.ts';
import { verdictOf } from './verdicts.ts';
import type { VisionQuestion } from './vision-model.ts';

export interface AskOptions extends SentCallOptions {
  /** In order of preference, at least one. */
  readonly providers: readonly Provider[];
  readonly spending: Spending;
  readonly retryBudget: RetryBudget;
  /** Calls of one provider for one photo, the first included. */
  readonly tries: number;
  readonly backoff: BackoffOptions;
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
  tries: number;
  notBeforeMs: number;
  isPlain: boolean;
  isOut: boolean;
  /** The only key that may be used. */
  key?: Key;
}

/** With less time left than that no call is begun. */
const leastUsefulMs = 200;
/** How often one photo waits for circuits to close. */
const maxCoolings = 2;

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
  const { nowMs = () => performance.now() } = options;
  const standings = options.providers.map(
    (provider): Standing => ({ provider, tries: 0, notBeforeMs: 0, isPlain: false, isOut: false }),
  );
  let attempts = 0;
  let coolings = 0;
  let costMicro: number | undefined;
  let last: VisionError | undefined;

  const waitOf = ({ provider, notBeforeMs }: Standing) =>
    Math.max(coolingMs(provider), notBeforeMs - nowMs(), 0);

  /** The first that may be asked now, else the one that may be asked soonest. */
  function choose(): Standing | undefined {
    const left = standings.filter(({ isOut }) => !isOut);
    return left.reduce<Standing | undefined>(
      (best, next) => (best === undefined || waitOf(next) < waitOf(best) ? next : best),
      undefined,
    );
  }

  async function waitFor(standing: Standing): Promise<void> {
    const waitMs = waitOf(standing);
    if (waitMs === 0) return;
    if (coolingMs(standing.provider) > 0 && ++coolings > maxCoolings)
      throw last ?? new VisionError('cooling');
    if (waitMs + leastUsefulMs > context.deadline.leftMs()) throw last ?? new VisionError('cooling');
    await pause(waitMs, context.signal);
  }

  async function attempt(standing: Standing, ready: ReadyCall): Promise<Reading> {
    if (attempts++ === 0) options.retryBudget.first();
    standing.key = ready.key;
    const money: Reservation = {
      settle(paid) {
        const paidMicro = ready.money.settle(paid);
        if (paidMicro !== undefined) costMicro = (costMicro ?? 0) + paidMicro;
        return paidMicro;
      },
    };
    return sentCall(
      { ...ready, money },
      standing.isPlain ? questions.plain : questions.full,
      attempts,
      options,
      context,
    );
  }

  function follow(standing: Standing, error: VisionError) {
    const verdict = verdictOf(error.reason);
    const { isPlain } = standing;
    if (verdict.next !== 'plain') delete standing.key;
    switch (verdict.next) {
      case 'again': {
        const headers = error instanceof VendorError ? error.failure.headers : undefined;
        const waitMs = Math.max(backoffMs(++standing.tries, options.backoff), vendorWaitMs(headers));
        standing.notBeforeMs = nowMs() + waitMs;
        standing.isOut = standing.tries >= options.tries;
        return;
      }
      case 'plain':
        for (const one of standings) one.isOut = one !== standing || isPlain;
        standing.isPlain = true;
        return;
      case 'repair':
        standing.isOut = isPlain;
        standing.isPlain = true;
        return;
      case 'other_key':
        standing.isOut = standing.provider.keys.healthy === 0;
        return;
      case 'next':
        standing.isOut = true;
        return;
      case 'stop':
        for (const one of standings) one.isOut = true;
        return;
      default:
        verdict.next satisfies never;
    }
  }

  for (let standing = choose(); standing !== undefined; standing = choose()) {
    await waitFor(standing);
    if (waitOf(standing) > 0) continue;
    let ready: ReadyCall | undefined;
    try {
      ready = await readyCall(standing.provider, options.spending, context, standing.key);
      const isExtra = attempts > 0;
      if (!isExtra || options.retryBudget.extra()) {
        const reading = await attempt(standing, ready);
        return { ...reading, model: standing.provider.model, ...(costMicro !== undefined && { costMicro }) };
      }
    } catch (error) {
      if (!(error instanceof VisionError)) throw error;
      last = error;
      follow(standing, error);
      context.signal.throwIfAborted();
      continue;
    }
    abandon(ready);
    break;
  }
  throw last ?? new VisionError('internal');
}
