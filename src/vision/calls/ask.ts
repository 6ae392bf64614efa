import type { ClassifyContext } from '../../classify/classifier.ts';
import { VisionError } from '../../errors.ts';
import { type BackoffOptions, backoffMs, pause } from '../../resilience/backoff.ts';
import type { RetryBudget } from '../../resilience/retry-budget.ts';
import { settlesBefore } from '../../resilience/wait-until.ts';
import type { Reading } from '../wire/reply.ts';
import { VendorError } from '../wire/vendor-error.ts';
import { vendorWaitMs } from '../wire/vendor-wait.ts';
import type { VisionQuestion } from '../wire/vision-model.ts';
import { type AcquiredCall, abandonCall, acquireCall } from './acquire-call.ts';
import { policyOf } from './failure-policy.ts';
import type { Key } from './key-ring.ts';
import { mostCooldowns, overdueMs, type Provider, unavailableMs } from './provider.ts';
import { type SendCallOptions, sendCall } from './send-call.ts';
import type { Spending } from './spending.ts';

export interface AskOptions extends SendCallOptions {
  /** In order of preference, at least one. */
  readonly providers: readonly Provider[];
  readonly spending: Spending;
  readonly retryBudget: RetryBudget;
  /** Failed calls of one provider for one photo. */
  readonly tries: number;
  readonly backoff: BackoffOptions;
  /** A local model answers where no provider does, so no photo waits long for one that is in trouble. */
  readonly hasFallback?: boolean;
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

/** What one provider has done for the photo so far. */
interface Candidate {
  readonly provider: Provider;
  failures: number;
  notBeforeMs: number;
  isPlain: boolean;
  /** Its next call repeats one that failed. */
  isRepetition: boolean;
  isOut: boolean;
  isRefused: boolean;
  /** Of the last failure. */
  reason?: string;
  /** The only key that may be used. */
  key?: Key;
}

/** With less time left no call is sent. */
const leastUsefulMs = 200;
/** A refusal in words that the table doesn't know is of one of the other two classes. */
const refusals = ['refused', 'bad_request', 'bad_answer'];

/** Photos so far: one whose call was rejected returns to its position. */
let arrivals = 0;

/**
 * Asks one provider after another until one answers, the policy says stop, or the time is up. The only place where
 * anything is tried twice.
 * @throws VisionError the last failure; the reason of `context.signal`
 */
export async function ask(
  questions: Questions,
  options: AskOptions,
  context: ClassifyContext,
): Promise<VisionAnswer> {
  return new PhotoRequest(questions, options, context).answer();
}

/** One photo on its way through the providers. */
class PhotoRequest {
  readonly #questions: Questions;
  readonly #options: AskOptions;
  readonly #context: ClassifyContext;
  readonly #candidates: readonly Candidate[];
  readonly #arrival = ++arrivals;
  #attempts = 0;
  #cooldowns = 0;
  #costMicro: number | undefined;
  #last: VisionError | undefined;
  /** Its last call was rejected: it goes where there is room, or returns to its position. */
  #isReturning = false;

  constructor(questions: Questions, options: AskOptions, context: ClassifyContext) {
    this.#questions = questions;
    this.#options = options;
    this.#context = context;
    this.#candidates = options.providers.map((provider) => ({
      provider,
      failures: 0,
      notBeforeMs: 0,
      isPlain: false,
      isRepetition: false,
      isOut: false,
      isRefused: false,
    }));
  }

  async answer(): Promise<VisionAnswer> {
    for (let candidate = this.#choose(); candidate !== undefined; candidate = this.#choose()) {
      try {
        if (!(await this.#isReady(candidate))) continue;
        const reading = await this.#attempt(candidate);
        const costMicro = this.#costMicro;
        if (reading !== undefined)
          return {
            ...reading,
            model: candidate.provider.model,
            ...(costMicro !== undefined && { costMicro }),
          };
      } catch (error) {
        if (!(error instanceof VisionError)) throw error;
        this.#follow(candidate, error);
        this.#context.signal.throwIfAborted();
      }
    }
    throw this.#failure();
  }

  /** The first that may be asked now, else the one that may be asked soonest. */
  #choose(): Candidate | undefined {
    const left = this.#candidates.filter(({ isOut }) => !isOut);
    const ready = left.filter((one) => waitMs(one) <= 0);
    const free = this.#isReturning
      ? ready.find(({ provider }) => provider.account.limiter.hasRoom)
      : undefined;
    return free ?? ready[0] ?? left.sort((one, other) => waitMs(one) - waitMs(other))[0];
  }

  /** Waits for the provider. @returns false where the best choice may be another one by now */
  async #isReady(candidate: Candidate): Promise<boolean> {
    const { breaker, account } = candidate.provider;
    const pauseMs = account.limiter.pauseMs();
    // While the circuit is closed the limiter itself waits for the end of a pause.
    const cooldownMs = Math.max(unavailableMs(candidate.provider), breaker.state === 'closed' ? 0 : pauseMs);
    if (cooldownMs > 0 && !breaker.isProbing) this.#cooldowns++;
    const ownMs = Math.max(cooldownMs, candidate.notBeforeMs - performance.now());
    const soonestMs = Math.max(ownMs, pauseMs);
    const most = mostCooldowns(candidate.provider, this.#options.hasFallback && this.#context.lane);
    const isTooLate = soonestMs > 0 && soonestMs + leastUsefulMs > this.#context.deadline.leftMs();
    if (isTooLate || this.#cooldowns > most) {
      this.#stop();
      this.#last ??= new VisionError(cooldownMs > 0 ? 'cooling' : 'resting');
    } else if (ownMs > 0) await breaker.wait(ownMs, this.#context.signal);
    return ownMs <= 0 && !candidate.isOut;
  }

  /** @returns undefined where the provider may get no further call for this photo */
  async #attempt(candidate: Candidate): Promise<Reading | undefined> {
    const { retryBudget, spending } = this.#options;
    const { provider, key } = candidate;
    const request = { provider, key, arrival: this.#arrival, isReturning: this.#isReturning };
    const call = await acquireCall(request, spending, this.#context);
    if (candidate.isRepetition && !retryBudget.tryRetry()) {
      abandonCall(call);
      candidate.isOut = true;
      return undefined;
    }
    if (this.#attempts++ === 0) retryBudget.addFirstCall();
    candidate.key = call.key;
    const question = candidate.isPlain ? this.#questions.plain : this.#questions.full;
    const reading = sendCall(call, question, this.#attempts, this.#options);
    try {
      await this.#untilOverdue(reading, candidate, call);
      return await reading;
    } finally {
      const { costMicro } = call.money;
      if (costMicro !== undefined) this.#costMicro = (this.#costMicro ?? 0) + costMicro;
    }
  }

  /**
   * No photo waits much longer than a call usually takes: another provider or the local model answers. The call goes on.
   * Behind a local answer, its own is remembered.
   * @throws VisionError another provider may be asked now
   */
  async #untilOverdue(
    reading: Promise<Reading>,
    candidate: Candidate,
    { attempt, provider }: AcquiredCall,
  ): Promise<void> {
    const { breaker, timeoutMs } = provider;
    if (provider.lane === 'album') return;
    const limitMs = attempt.isProbe ? breaker.waitMs() : overdueMs(provider);
    if (limitMs >= timeoutMs || (await settlesBefore(reading, (signal) => pause(limitMs, signal)))) return;
    const reason = attempt.isProbe ? 'cooling' : 'timeout';
    if (this.#candidates.some((one) => one !== candidate && !one.isOut && waitMs(one) <= 0)) {
      candidate.isOut = true;
      throw new VisionError(reason);
    }
    if (!this.#options.hasFallback) return;
    // Clients never ask again about a photo of a batch: it waits as long as other calls are answered.
    while (this.#context.lane !== 'single' && breaker.state === 'closed')
      if (await settlesBefore(reading, (signal) => breaker.wait(timeoutMs, signal))) return;
    this.#stop();
    this.#context.release?.(new VisionError(reason));
  }

  #follow(candidate: Candidate, error: VisionError): void {
    const { tries, backoff } = this.#options;
    const { next } = policyOf(error.reason);
    const failure = error instanceof VendorError ? error.failure : undefined;
    this.#last = error;
    this.#isReturning = next === 'wait';
    candidate.reason = error.reason;
    if (next !== 'plain') delete candidate.key;
    if (failure) candidate.isRepetition = false;
    if (next === 'again' || next === 'repair') candidate.isRepetition = true;
    if (next === 'again') {
      const pauseMs = Math.max(backoffMs(++candidate.failures, backoff), vendorWaitMs(failure?.headers));
      candidate.notBeforeMs = performance.now() + pauseMs;
      candidate.isOut ||= candidate.failures >= tries;
    } else if (next === 'plain') {
      // One plain question per photo shows whether the wording matters.
      candidate.isOut ||= this.#candidates.some(({ isRefused }) => isRefused);
      candidate.isPlain = candidate.isRefused = true;
    } else if (next === 'repair') {
      candidate.isOut ||= candidate.isPlain;
      candidate.isPlain = true;
    } else if (next === 'other_key') candidate.isOut ||= candidate.provider.keys.healthy === 0;
    else if (next === 'next') candidate.isOut = true;
    else if (next === 'stop') this.#stop();
  }

  #stop(): void {
    for (const candidate of this.#candidates) candidate.isOut = true;
  }

  /** Where one provider refuses the photo, others may do so in words unknown to the table. */
  #failure(): VisionError {
    const refuses = ({ reason = '' }: Candidate) => refusals.includes(reason);
    const isRefused = this.#candidates.some((one) => one.isRefused) && this.#candidates.every(refuses);
    return isRefused ? new VisionError('refused') : (this.#last ?? new VisionError('internal'));
  }
}

/** Milliseconds until the provider may be asked; 0 or less for now. */
function waitMs({ provider, notBeforeMs }: Candidate): number {
  const pauseMs = provider.account.limiter.pauseMs();
  return Math.max(unavailableMs(provider), pauseMs, notBeforeMs - performance.now());
}
