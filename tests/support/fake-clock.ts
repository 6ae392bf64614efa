import { setImmediate } from 'node:timers';
import { randomOf } from '../fuzz/mutations.ts';

const randomSteps = 2 ** 20;

/** Time that passes only when everything that could happen has happened. */
export interface FakeClock {
  nowMs(): number;
  /** Resolves at that time. */
  until(atMs: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  /** Undefined once it is cleared. */
  callback: (() => void) | undefined;
  unref(): Timer;
}

/**
 * Runs `work` with `setTimeout`, `clearTimeout` and `performance.now` on a clock that begins at 0 and never waits, and
 * with a `Math.random` that always returns the same numbers.
 */
export async function withFakeClock<T>(work: (clock: FakeClock) => Promise<T>): Promise<T> {
  const real = { setTimeout, clearTimeout, now: performance.now, random: Math.random };
  const random = randomOf(1);
  /** The next one last. */
  const timers: Timer[] = [];
  let nowMs = 0;

  function set(callback: () => void, delayMs = 0): Timer {
    const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), callback, unref: () => timer };
    let [low, high] = [0, timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((timers[middle] as Timer).atMs <= timer.atMs) high = middle;
      else low = middle + 1;
    }
    timers.splice(low, 0, timer);
    return timer;
  }

  function clear(timer?: Timer) {
    if (timer) timer.callback = undefined;
  }

  function fireNext() {
    const next = timers.pop();
    if (next === undefined) throw new Error('nothing is left to happen, and the work has not ended');
    if (next.callback === undefined) return false;
    nowMs = Math.max(nowMs, next.atMs);
    next.callback();
    return true;
  }

  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  performance.now = () => nowMs;
  Math.random = () => random(randomSteps) / randomSteps;
  try {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    const result = work({
      nowMs: () => nowMs,
      until: (atMs) => new Promise((resolve) => set(resolve, atMs - nowMs)),
    });
    result.then(end, end);
    for (;;) {
      // Lets everything run that waits for nothing.
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return await result;
      while (!fireNext());
    }
  } finally {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    performance.now = real.now;
    Math.random = real.random;
  }
}
