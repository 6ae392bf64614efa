import type { Answer, Classifier, ClassifyContext } from '../classify/classifier.ts';
import { type SharedCall, type SharedContext, shareCall } from '../resilience/shared-call.ts';
import { throwIfOver } from '../resilience/wait-until.ts';

const lanesByUrgency = ['single', 'batch', 'album'] as const satisfies ClassifyContext['lane'][];

/**
 * Concurrent calls for one photo share one. A caller joins before anything is awaited. The shared call has
 * the latest deadline and the most urgent lane of its callers at the time.
 *
 * A call that all callers have left can be joined until it settles. It waits for nothing more, but the reply to a
 * request that was sent may still arrive, be stored, and answer callers that join meanwhile.
 */
export function withSingleFlight(inner: Classifier): Classifier {
  const flights = new Map<string, SharedCall<Answer, ClassifyContext>>();

  return {
    async classify(photo, context) {
      throwIfOver(context);
      const { sha256 } = photo;
      for (let flight = flights.get(sha256); flight !== undefined; flight = flights.get(sha256)) {
        const wasAbandoned = flight.signal.aborted;
        try {
          return { ...(await flight.join(context)), from: 'flight' };
        } catch (error) {
          throwIfOver(context);
          // It failed because others had left; this caller has not.
          if (!wasAbandoned) throw error;
        }
      }
      const begun = shareCall(context, (shared) => inner.classify(photo, contextOf(shared)));
      flights.set(sha256, begun);
      const forget = () => void flights.delete(sha256);
      begun.outcome.then(forget, forget);
      return begun.join(context);
    },
  };
}

/** The context of the shared call: computed from its callers whenever it is read. */
function contextOf({ deadline, signal, release, contexts }: SharedContext<ClassifyContext>): ClassifyContext {
  return {
    deadline,
    signal,
    release,
    get isRecheck() {
      return [...contexts].some((context) => context.isRecheck);
    },
    get caller() {
      return [...contexts][0]?.caller ?? '';
    },
    get trace() {
      return [...contexts][0]?.trace;
    },
    get lane() {
      const lanes = Array.from(contexts, ({ lane }) => lane);
      return lanesByUrgency.find((lane) => lanes.includes(lane)) ?? 'album';
    },
  };
}
