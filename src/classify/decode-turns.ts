import { DeadlineError, UnavailableError } from '../errors.ts';
import type { OpenPhotos } from '../image/open-photos.ts';
import type { AnalyseContext } from '../image/photo.ts';
import { GateRefusal, openGate } from '../resilience/gate.ts';
import { timeLimit } from '../resilience/time-limit.ts';
import type { ClassifyContext } from './classifier.ts';

export interface DecodeTurnsOptions {
  /** Photos of albums in the pool at once: enough to keep it busy. */
  readonly atOnce: number;
  /** Photos of albums that may wait. */
  readonly maxWaiting: number;
}

/** Until real ones are known: about what a photo from a phone takes. */
const firstGuessMs = 100;

/**
 * Lets the photos of albums into the pool a few at a time, turn by turn between callers, so that a single photo finds
 * a short line there however many arrive at once.
 */
export function withDecodeTurns(photos: OpenPhotos, { atOnce, maxWaiting }: DecodeTurnsOptions): OpenPhotos {
  const gate = openGate({ concurrency: atOnce, maxWaiting });
  let averageMs = firstGuessMs;

  /** How long those who wait will take, at the pace of the last ones. */
  function drainS(): number {
    const drainMs = (gate.state.waiting * averageMs) / atOnce;
    return Math.min(120, Math.max(1, Math.ceil(drainMs / 1000)));
  }

  async function turn(context: AnalyseContext & Partial<ClassifyContext>) {
    const { deadline, signal, caller = '' } = context;
    using patience = timeLimit({ deadline, expired: () => new DeadlineError() }, signal);
    try {
      return await gate.enter({ priority: () => 0, share: caller, signal: patience.signal });
    } catch (error) {
      if (!(error instanceof GateRefusal)) throw error;
      const message = 'Too many photos are waiting to be decoded; try again later.';
      throw new UnavailableError('overloaded', message, drainS());
    }
  }

  return {
    open(upload) {
      const photo = photos.open(upload);
      return {
        ...photo,
        async analyse(context: AnalyseContext & Partial<ClassifyContext>) {
          if (context.lane === undefined || context.lane === 'single') return photo.analyse(context);
          const place = await turn(context);
          const startedMs = performance.now();
          try {
            return await photo.analyse(context);
          } finally {
            averageMs += (performance.now() - startedMs - averageMs) / 16;
            place.leave('succeeded');
          }
        },
      };
    },
  };
}
