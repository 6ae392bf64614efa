import type { Answer, Classifier, ClassifyContext } from '../classify/classifier.ts';
import { DeadlineError } from '../errors.ts';
import type { Photo } from '../image/photo.ts';
import { timeLimit } from '../resilience/time-limit.ts';

export interface SingleFlightOptions {
  /**
   * Keeps a call that all its waiters have left within reach until it settles: its signal aborts as ever, so it
   * waits for nothing any more, but what it has sent and paid for may still come, be remembered by what is inside,
   * and answer whoever joins meanwhile. Otherwise the next caller begins anew.
   */
  readonly keepGoing?: boolean;
}

interface Waiter {
  readonly context: ClassifyContext;
}

/** One shared call and those who wait for it. */
interface Flight {
  readonly answer: Promise<Answer>;
  readonly waiters: Set<Waiter>;
  /** Its signal aborts when the last waiter leaves. */
  readonly controller: AbortController;
}

const lanesByUrgency = ['single', 'batch', 'background'] as const satisfies ClassifyContext['lane'][];

/**
 * Concurrent calls with the same key share one. Whoever comes joins at once, before anything is awaited. A caller's
 * own deadline and signal take only that caller out (with a DeadlineError or the signal's reason); the shared call
 * has a signal of its own, and the latest deadline and the most urgent lane of those who wait at the time.
 */
export function withSingleFlight(
  inner: Classifier,
  keyOf: (photo: Photo) => string = (photo) => photo.sha256,
  { keepGoing = false }: SingleFlightOptions = {},
): Classifier {
  const flights = new Map<string, Flight>();

  function begin(key: string, photo: Photo, waiter: Waiter): Flight {
    const controller = new AbortController();
    const waiters = new Set([waiter]);
    const ask = async () => inner.classify(photo, sharedContext(waiters, controller.signal));
    const flight: Flight = { answer: ask(), waiters, controller };
    flights.set(key, flight);
    const forget = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    // With nobody left to hear of it, a failure is no unhandled one.
    flight.answer.then(forget, forget);
    if (!keepGoing) controller.signal.addEventListener('abort', forget, { once: true });
    return flight;
  }

  async function answerOf(flight: Flight, waiter: Waiter): Promise<Answer> {
    const { deadline, signal } = waiter.context;
    using limit = timeLimit({ deadline, expired: () => new DeadlineError() }, signal);
    try {
      return await unlessAborted(flight.answer, limit.signal);
    } finally {
      flight.waiters.delete(waiter);
      // Not after an answer: what it still has to write may hang on the signal.
      if (limit.signal.aborted && flight.waiters.size === 0) flight.controller.abort(limit.signal.reason);
    }
  }

  async function classify(photo: Photo, context: ClassifyContext): Promise<Answer> {
    context.signal.throwIfAborted();
    if (context.deadline.leftMs() === 0) throw new DeadlineError();
    const key = keyOf(photo);
    const waiter = { context };
    const flight = flights.get(key);
    if (flight === undefined) return answerOf(begin(key, photo, waiter), waiter);
    const wasAbandoned = flight.controller.signal.aborted;
    flight.waiters.add(waiter);
    try {
      return { ...(await answerOf(flight, waiter)), from: 'flight' };
    } catch (error) {
      // It failed because others had left; this caller has not.
      if (wasAbandoned) return classify(photo, context);
      throw error;
    }
  }

  return { classify };
}

/** What the shared call is told: whatever holds for its waiters when it asks. */
function sharedContext(waiters: ReadonlySet<Waiter>, signal: AbortSignal): ClassifyContext {
  const contexts = () => Array.from(waiters, ({ context }) => context);
  return {
    deadline: { leftMs: () => Math.max(0, ...contexts().map(({ deadline }) => deadline.leftMs())) },
    signal,
    get isRecheck() {
      return contexts().some((context) => context.isRecheck);
    },
    get caller() {
      return contexts()[0]?.caller ?? '';
    },
    get lane() {
      const lanes = contexts().map((context) => context.lane);
      return lanesByUrgency.find((lane) => lanes.includes(lane)) ?? 'background';
    },
  };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
