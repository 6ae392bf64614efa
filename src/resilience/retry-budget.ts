import type { MonotonicClock } from './deadline.ts';

export interface RetryBudgetOptions {
  /** Extra calls for each first call within the window, 0.1 for one in ten. */
  readonly ratio: number;
  /** Extra calls that any window may have, so that quiet times retry at all. */
  readonly floor: number;
  readonly windowMs: number;
  readonly nowMs?: MonotonicClock;
}

/** Bounds retries to a share of first calls in a sliding window, so that an outage is not multiplied. */
export interface RetryBudget {
  /** Notes a first call. */
  first(): void;
  /** Notes an extra call where one may be made; false where not. */
  extra(): boolean;
}

export function retryBudget(options: RetryBudgetOptions): RetryBudget {
  const { ratio, floor, windowMs, nowMs = () => performance.now() } = options;
  const firsts = slidingCount(windowMs, nowMs);
  const extras = slidingCount(windowMs, nowMs);
  return {
    first: () => firsts.add(),
    extra() {
      if (extras.count() >= Math.max(floor, ratio * firsts.count())) return false;
      extras.add();
      return true;
    },
  };
}

const slotsPerWindow = 20;

/** How often something happened in the last `windowMs`, to a twentieth of it (never fewer than there were). */
export function slidingCount(windowMs: number, nowMs: MonotonicClock) {
  const slotMs = windowMs / slotsPerWindow;
  /** Slot number → count, oldest first. */
  const slots = new Map<number, number>();
  function expire(slot: number) {
    for (const old of slots.keys()) {
      if (old >= slot - slotsPerWindow) return;
      slots.delete(old);
    }
  }
  return {
    add() {
      const slot = Math.floor(nowMs() / slotMs);
      expire(slot);
      slots.set(slot, (slots.get(slot) ?? 0) + 1);
    },
    count() {
      expire(Math.floor(nowMs() / slotMs));
      let sum = 0;
      for (const count of slots.values()) sum += count;
      return sum;
    },
  };
}
