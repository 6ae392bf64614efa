import { PhotoError } from '../errors.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { throwIfOver, whenOver } from './patience.ts';
import type { AnalyseContext, Analysis } from './photo.ts';

export interface SharedAnalysis {
  /**
   * The one analysis, begun by whoever comes first. A caller whose own deadline passes or signal aborts gets that
   * error while the others go on.
   */
  join(context: AnalyseContext): Promise<Analysis>;
  /** Nobody will join any more; those who have, go on. */
  close(): void;
}

interface Flight {
  readonly promise: Promise<Analysis>;
  readonly controller: AbortController;
  readonly waiters: Set<AnalyseContext>;
}

/**
 * Runs something once for all who want it: until the latest of their deadlines, given up when the last of them is
 * gone. An analysis and a PhotoError are remembered; after any other failure the next one to join tries again.
 * @param run begins the work
 * @param drop called once, when the work will not be begun again
 */
export function sharedAnalysis(
  run: (context: AnalyseContext) => Promise<Analysis>,
  drop: () => void,
): SharedAnalysis {
  let outcome: Promise<Analysis> | undefined;
  let flight: Flight | undefined;
  let flying = 0;
  let isClosed = false;
  let isDropped = false;

  function depart(first: AnalyseContext): Flight {
    const controller = new AbortController();
    const waiters = new Set([first]);
    const latest: Deadline = {
      leftMs: () => Math.max(0, ...[...waiters].map(({ deadline }) => deadline.leftMs())),
    };
    flying += 1;
    // Whatever else a context says is the first caller's word.
    const promise = run({ ...first, deadline: latest, signal: controller.signal });
    const departed = { promise, controller, waiters };
    promise.then(
      () => land(departed, true),
      (error: unknown) => land(departed, error instanceof PhotoError),
    );
    return departed;
  }

  function land(landed: Flight, isFinal: boolean): void {
    flying -= 1;
    if (flight === landed) flight = undefined;
    if (isFinal) outcome ??= landed.promise;
    dropIfDone();
  }

  function dropIfDone(): void {
    if (isDropped || !(outcome || (isClosed && flying === 0))) return;
    isDropped = true;
    drop();
  }

  function leave(left: Flight, context: AnalyseContext, reason: unknown): void {
    left.waiters.delete(context);
    if (left.waiters.size > 0) return;
    // Whoever joins from now on needs a flight that is not being given up.
    if (flight === left) flight = undefined;
    left.controller.abort(reason);
  }

  return {
    async join(context) {
      throwIfOver(context);
      if (outcome) return outcome;
      if (isClosed && !flight) throw new Error('the photo is closed');
      if (flight) flight.waiters.add(context);
      else flight = depart(context);
      return waitFor(flight, context, leave);
    },
    close() {
      isClosed = true;
      dropIfDone();
    },
  };
}

function waitFor(
  flight: Flight,
  context: AnalyseContext,
  leave: (flight: Flight, context: AnalyseContext, reason: unknown) => void,
): Promise<Analysis> {
  const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
  const stopWatch = whenOver(context, (reason) => {
    reject(reason);
    leave(flight, context, reason);
  });
  flight.promise.then(resolve, reject).finally(stopWatch);
  return promise;
}
