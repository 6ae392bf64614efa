import { DeadlineError, UnavailableError } from '../errors.ts';
import type { Cost } from '../image/firewall/limits.ts';
import type { AnalyseContext } from '../image/photo.ts';
import type { Pool } from '../image/pool.ts';
import { GateRefusal, openGate } from '../resilience/gate.ts';
import { timeLimit } from '../resilience/time-limit.ts';
import type { ClassifyContext } from './classifier.ts';

export interface DecodeTurnsOptions {
  /** Photos of albums in the pool at once: enough to keep it busy. */
  readonly atOnce: number;
  /** Photos of albums that may wait. */
  readonly maxWaiting: number;
  /** Whether a decode takes so long that others would notice. */
  readonly isDear: (cost: Cost) => boolean;
}

type Turned = Pick<Pool, 'analyse'>;
type TurnContext = AnalyseContext & Partial<ClassifyContext>;

/**
 * Lets the photos of albums into the pool a few at a time, turn by turn between callers, so that a single photo finds
 * a short line there however many arrive at once. Dear ones stand in a line of their own: the others pass them.
 */
export function withDecodeTurns(pool: Turned, { isDear, ...options }: DecodeTurnsOptions): Turned {
  const [cheap, dear] = [openTurns(options), openTurns(options)];
  return {
    async analyse(job, context: TurnContext) {
      if (context.lane === undefined || context.lane === 'single') return pool.analyse(job, context);
      const turns = isDear(job.cost) ? dear : cheap;
      const leave = await turns.enter(context);
      try {
        return await pool.analyse(job, { ...context, hadTurn: true });
      } finally {
        leave();
      }
    },
  };
}

/** Until real ones are known: about what a photo from a phone takes. */
const firstGuessMs = 100;

function openTurns({ atOnce, maxWaiting }: Omit<DecodeTurnsOptions, 'isDear'>) {
  const gate = openGate({ concurrency: atOnce, maxWaiting });
  let averageMs = firstGuessMs;

  /** How long those who wait will take, at the pace of the last ones. */
  function drainS(): number {
    const drainMs = (gate.state.waiting * averageMs) / atOnce;
    return Math.min(120, Math.max(1, Math.ceil(drainMs / 1000)));
  }

  async function place({ deadline, signal, caller = '' }: TurnContext) {
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
    /** @returns to be called when the photo has left the pool */
    async enter(context: TurnContext): Promise<() => void> {
      const entered = await place(context);
      const startedMs = performance.now();
      return () => {
        averageMs += (performance.now() - startedMs - averageMs) / 16;
        entered.leave('succeeded');
      };
    },
  };
}
