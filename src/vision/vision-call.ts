import type { Logger } from 'pino';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { UnavailableError, VisionError } from '../errors.ts';
import type { ConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { timeLimit } from '../resilience/time-limit.ts';
import { type Reading, readReply } from './reply.ts';
import { VendorError } from './vendor-error.ts';
import type { TokenUsage, VisionModel, VisionQuestion } from './vision-model.ts';

export interface VisionCallOptions {
  readonly model: VisionModel;
  readonly taxonomy: Taxonomy;
  /** Calls at once, shared by all who call the same account. */
  readonly limit: ConcurrencyLimit;
  /** Longest that the call itself may take, its wait for a place not counted. */
  readonly timeoutMs: number;
  /**
   * A call once sent is paid for: nothing but `timeoutMs` ends it, and its answer can still be remembered. Only for
   * use behind a wrapper that lets callers go at their own deadline.
   */
  readonly finishSent?: boolean;
  readonly log: Logger;
  readonly hooks?: VisionHooks | undefined;
}

export interface VisionHooks {
  /** Every call that was sent, when it is over. */
  onCall?(call: VisionCallReport): void;
}

export interface VisionCallReport {
  readonly model: string;
  /** `answered`, `cancelled`, or the reason of the VisionError. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly usage?: TokenUsage;
}

export interface CallContext {
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
}

const unending: CallContext = { deadline: { leftMs: () => Infinity }, signal: new AbortController().signal };

/**
 * One attempt with one model: a place, the call within its time, the check of its words, a line in the log.
 * @throws VisionError it could not answer; the reason of `context.signal` when that ended it
 */
export async function visionCall(
  options: VisionCallOptions,
  question: VisionQuestion,
  context: CallContext,
): Promise<Reading> {
  const release = await placeFor(options.limit, context);
  try {
    return await sentCall(options, question, context);
  } finally {
    release();
  }
}

async function placeFor(limit: ConcurrencyLimit, { deadline, signal }: CallContext) {
  using patience = timeLimit({ deadline, expired: () => new VisionError('queue_timeout') }, signal);
  try {
    return await limit.acquire(patience.signal);
  } catch (error) {
    throw error instanceof UnavailableError ? new VisionError('queue_full') : error;
  }
}

async function sentCall(
  { model, taxonomy, timeoutMs, finishSent = false, log, hooks }: VisionCallOptions,
  question: VisionQuestion,
  context: CallContext,
): Promise<Reading> {
  context.signal.throwIfAborted();
  const { deadline, signal } = finishSent ? unending : context;
  using limit = timeLimit({ deadline, capMs: timeoutMs, expired: () => new VisionError('timeout') }, signal);
  const startedAt = performance.now();
  const report = (outcome: string, usage: TokenUsage | undefined) => {
    const durationMs = Math.round(performance.now() - startedAt);
    const call = { model: model.name, outcome, durationMs, ...(usage && { usage }) };
    log[outcome === 'answered' ? 'info' : 'warn'](call, 'vision call');
    hooks?.onCall?.(call);
  };
  let usage: TokenUsage | undefined;
  try {
    const reply = await model.ask(question, limit.signal);
    usage = reply.usage;
    const reading = readReply(reply.text, taxonomy);
    report('answered', usage);
    return reading;
  } catch (error) {
    if (signal.aborted) {
      report('cancelled', usage);
      throw signal.reason;
    }
    const failure = error instanceof VisionError ? error : new VisionError('internal');
    report(failure.reason, failure instanceof VendorError ? failure.failure.usage : usage);
    throw failure;
  }
}
