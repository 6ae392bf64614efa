import type { Classifier } from '../classify/classifier.ts';
import { sooner } from '../classify/fallback.ts';
import { VisionError } from '../errors.ts';

/** What is known of the providers that answer slowly at half price. */
export interface AlbumProviders {
  /** Calls that may be in flight at present. */
  callsAtOnce(): number;
  /** Longest that a photo waits for its answer, in milliseconds. */
  readonly timeLimitMs: number;
}

/** Time that is kept for an answer at the usual price, in milliseconds. */
export const everydayMs = 60_000;

/** Other providers can't help: there is no money, or vendors refuse the photo. */
const lasting: ReadonlySet<string> = new Set(['over_budget', 'budget_unknown', 'refused', 'refused_before']);

/**
 * Photos of the lane `album` go to `slow`, all others to `everyday`. Where `slow` fails, `everyday` answers at its
 * price if `mayPayMore`, which is so where a budget limits what that can cost.
 */
export function withAlbumProviders(
  everyday: Classifier,
  slow: Classifier,
  { mayPayMore }: { readonly mayPayMore: boolean },
): Classifier {
  return {
    async classify(photo, context) {
      if (context.lane !== 'album') return everyday.classify(photo, context);
      try {
        return await slow.classify(photo, mayPayMore ? sooner(context, everydayMs) : context);
      } catch (error) {
        const mayHelp = error instanceof VisionError && !lasting.has(error.reason);
        if (!mayPayMore || !mayHelp || context.signal.aborted) throw error;
        return everyday.classify(photo, context);
      }
    },
  };
}
