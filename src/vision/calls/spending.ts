import { VisionError } from '../../errors.ts';
import type { MonotonicClock } from '../../resilience/deadline.ts';
import { serialQueue } from '../../resilience/serial-queue.ts';
import type { TokenUsage } from '../wire/vision-model.ts';
import { costMicroOf, type Price, typicalCostMicro } from './price.ts';

interface SpendCap {
  /** `2026-11-22` or `2026-11` */
  readonly period: string;
  readonly capMicro: number;
}

/** Sums that all processes share. Amounts are millionths of a currency unit. */
export interface Ledger {
  /**
   * Adds the amount to both periods, or to neither where one would pass its cap.
   * @throws UnavailableError the store can't tell what was spent
   */
  reserveSpend(amountMicro: number, dayAndMonth: readonly [SpendCap, SpendCap]): Promise<boolean>;
  /** Adds, or takes back, without any cap. */
  addSpend(differenceMicro: number, periods: readonly string[]): Promise<void>;
}

export interface SpendingOptions {
  readonly ledger: Ledger;
  /** The ledger has a cap of its own. */
  readonly isCapped?: boolean;
  /** Infinity, the default, where there is none. */
  readonly dailyMicro?: number;
  readonly monthlyMicro?: number;
  /** IANA name, in which days and months begin. */
  readonly timeZone: string;
  /** A cap was reached, or no longer applies. */
  readonly onExhausted: (isExhausted: boolean) => void;
  readonly onFailure: (error: unknown) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly nowMs?: MonotonicClock;
}

export interface Reservation {
  /**
   * What the call really cost: by its usage, nothing, or `unknown`, which leaves the amount reserved.
   * @returns that amount, where a price is known
   */
  settle(paid: TokenUsage | 'nothing' | 'unknown'): number | undefined;
  /** What it returned. */
  readonly costMicro: number | undefined;
}

export interface Spending {
  /** @throws VisionError `over_budget`, or `budget_unknown` while the store is down */
  reserve(price: Price | undefined): Promise<Reservation>;
  /** A cap was reached within the last second: queueing for a call makes no sense. */
  readonly isExhausted: boolean;
}

/** How long a reached cap holds before the store is asked again: reservations are given back, days begin. */
const exhaustedMs = 1_000;

/** Money: reserved before a call, settled after it, so that concurrent calls can't pass a cap together. */
export function openSpending(options: SpendingOptions): Spending {
  const { ledger, dailyMicro = Number.POSITIVE_INFINITY, monthlyMicro = Number.POSITIVE_INFINITY } = options;
  const { timeZone, now = Date.now, nowMs = () => performance.now() } = options;
  const isCapped = options.isCapped || Number.isFinite(Math.min(dailyMicro, monthlyMicro));
  const calendar = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  const estimates = new Map<Price, number>();
  /**
   * Concurrent reservations would queue for the day's row inside the database, some past the limit of a statement. A
   * statement that timed out may still book its amount, for a call that is never sent.
   */
  const inTurn = serialQueue();
  let exhaustedUntilMs = Number.NEGATIVE_INFINITY;
  let isExhausted = false;

  function mark(exhausted: boolean) {
    if (exhausted) exhaustedUntilMs = nowMs() + exhaustedMs;
    if (exhausted === isExhausted) return;
    isExhausted = exhausted;
    options.onExhausted(exhausted);
  }

  function learn(price: Price, costMicro: number) {
    const estimate = estimates.get(price);
    // A little more than recent calls cost.
    estimates.set(price, Math.ceil(Math.max(costMicro, 0.8 * (estimate ?? costMicro) + 0.2 * costMicro)));
  }

  async function reserveMicro(amountMicro: number, day: string, month: string): Promise<void> {
    const dayAndMonth = [
      { period: day, capMicro: dailyMicro },
      { period: month, capMicro: monthlyMicro },
    ] as const;
    const isGranted = await inTurn(() => ledger.reserveSpend(amountMicro, dayAndMonth)).catch((error) => {
      options.onFailure(error);
      throw new VisionError('budget_unknown');
    });
    mark(!isGranted);
    if (!isGranted) throw new VisionError('over_budget');
  }

  return {
    get isExhausted() {
      return nowMs() < exhaustedUntilMs;
    },
    async reserve(price) {
      if (price === undefined) return { settle: () => undefined, costMicro: undefined };
      const day = calendar.format(now());
      const month = day.slice(0, 7);
      const reservedMicro = isCapped ? (estimates.get(price) ?? typicalCostMicro(price)) : 0;
      if (isCapped) await reserveMicro(reservedMicro, day, month);
      let costMicro: number | undefined;
      return {
        get costMicro() {
          return costMicro;
        },
        settle(paid) {
          const assumedMicro = estimates.get(price) ?? typicalCostMicro(price);
          const known = typeof paid === 'object' ? costMicroOf(price, paid) : undefined;
          if (known !== undefined) learn(price, known);
          costMicro = known ?? (paid === 'nothing' ? 0 : assumedMicro);
          const difference = costMicro - reservedMicro;
          const add = () => ledger.addSpend(difference, [day, month]).catch(options.onFailure);
          // With a cap, at once: others may spend what is given back. Else after the answer.
          if (difference !== 0 && isCapped) void add();
          else if (difference !== 0) setImmediate(add);
          return costMicro;
        },
      };
    },
  };
}
