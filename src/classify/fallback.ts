import { DeadlineError, failsForAll, VisionError } from '../errors.ts';
import { earlier } from '../resilience/deadline.ts';
import type { Classifier, ClassifyContext } from './classifier.ts';

export interface FallbackOptions {
  /** How long before the deadline the preferred classifier is given up, so that the other one answers in time. */
  readonly marginMs?: number;
  /** Why the preferred one did not answer: `VisionError.reason`, or an error's code. */
  readonly onFallback?: ((reason: string) => void) | undefined;
}

/** The local network begins that long before the deadline: it may have to wait for a child. */
const headStartMs = 2_000;

/**
 * Asks `preferred`; when it can't answer for any reason, or not in time, `other` does, and the answer says so. What
 * would fail for both, such as a faulty photo, fails with its own error.
 */
export function withFallback(
  preferred: Classifier,
  other: Classifier,
  options: FallbackOptions = {},
): Classifier {
  const { marginMs = 250, onFallback } = options;
  return {
    async classify(photo, context) {
      const prepare = () => void photo.probabilities(context).catch(() => undefined);
      const timer = setTimeout(prepare, Math.max(0, context.deadline.leftMs() - headStartMs));
      try {
        return await preferred.classify(photo, sooner(context, marginMs));
      } catch (error) {
        if (failsForAll(error) || context.signal.aborted) throw error;
        onFallback?.(reasonOf(error));
        return { ...(await other.classify(photo, context)), degraded: true };
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The same context with less time; `lane` may change while a call is shared, so it is not copied. */
export function sooner(context: ClassifyContext, marginMs: number): ClassifyContext {
  return {
    deadline: earlier(context.deadline, marginMs),
    signal: context.signal,
    ...(context.caller !== undefined && { caller: context.caller }),
    ...(context.isRecheck && { isRecheck: true }),
    ...(context.trace && { trace: context.trace }),
    ...(context.formAccepted && { formAccepted: context.formAccepted }),
    get lane() {
      return context.lane;
    },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof VisionError) return error.reason;
  if (error instanceof DeadlineError) return 'deadline';
  return 'unexpected';
}
