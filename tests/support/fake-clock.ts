import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync } from 'node:sqlite';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { randomOf } from '../fuzz/mutations.ts';

const randomSteps = 2 ** 20;

/** What runs in one simulated process, which can be killed. */
export interface FakeProcess {
  run<T>(work: () => T): T;
  /** Nothing that it has begun continues, and its files are closed. */
  kill(): void;
}

/** Time that passes only when everything that could happen has happened. */
export interface FakeClock {
  nowMs(): number;
  /** Resolves at that time. */
  until(atMs: number): Promise<void>;
  openProcess(): FakeProcess;
}

export interface FakeClockOptions {
  /** Of all random numbers. */
  readonly seed?: number;
  /** `Date.now()` at the beginning. */
  readonly startsAt?: number;
}

interface Timer {
  atMs: number;
  /** Undefined once it is cleared. */
  callback: (() => void) | undefined;
  unref(): Timer;
  ref(): Timer;
}

/** The process that something belongs to. */
interface Owner {
  readonly files: Set<DatabaseSync>;
  isKilled: boolean;
  run: <T>(work: () => T) => T;
}

/** A simulation that goes on for that long waits for something that never happens. */
const longestMs = 1e9;

/**
 * Runs `work` with all timers, immediates and clocks of Node.js on a clock that begins at 0 and never waits, and with
 * random numbers that are always the same.
 */
export async function withFakeClock<T>(
  work: (clock: FakeClock) => Promise<T>,
  { seed = 1, startsAt = Date.now() }: FakeClockOptions = {},
): Promise<T> {
  const random = randomOf(seed);
  const process = new AsyncLocalStorage<Owner>();
  /** The next one last. */
  const waiting: Timer[] = [];
  let immediates: Timer[] = [];
  let nowMs = 0;

  /** With a callback that runs in the process that set it. */
  function newTimer(atMs: number, callback: () => void): Timer {
    const owner = process.getStore();
    const owned = owner ? () => !owner.isKilled && owner.run(callback) : callback;
    const timer = { atMs, callback: owned, unref: () => timer, ref: () => timer };
    return timer;
  }

  function add(timer: Timer): Timer {
    let [low, high] = [0, waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((waiting[middle] as Timer).atMs <= timer.atMs) high = middle;
      else low = middle + 1;
    }
    waiting.splice(low, 0, timer);
    return timer;
  }

  const set = (callback: () => void, delayMs = 0) => add(newTimer(nowMs + Math.max(0, delayMs), callback));

  function setEvery(callback: () => void, everyMs: number): Timer {
    const timer = newTimer(nowMs + everyMs, callback);
    const { callback: owned } = timer;
    const fire = () => {
      timer.atMs = nowMs + everyMs;
      timer.callback = fire;
      add(timer);
      owned?.();
    };
    timer.callback = fire;
    return add(timer);
  }

  function setNow(callback: (...values: unknown[]) => void, ...values: unknown[]): Timer {
    const timer = newTimer(nowMs, () => callback(...values));
    immediates.push(timer);
    return timer;
  }

  function clear(timer?: Timer) {
    if (timer) timer.callback = undefined;
  }

  function sleep<V>(delayMs?: number, value?: V, { signal }: { signal?: AbortSignal } = {}): Promise<V> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = set(() => resolve(value as V), delayMs);
      signal?.addEventListener('abort', () => {
        clear(timer);
        reject(signal.reason);
      });
    });
  }

  /** Runs immediates until none is left. */

  async function settle(): Promise<void> {
    do {
      const due = immediates;
      immediates = [];
      for (const { callback } of due) callback?.();
      // Lets everything run that waits for nothing.
      await new Promise((resolve) => realImmediate(resolve));
    } while (immediates.length > 0);
  }

  function fireNext() {
    const next = waiting.pop();
    if (next === undefined || nowMs > longestMs)
      throw new Error('nothing is left to happen, and the work has not ended');
    if (next.callback === undefined) return false;
    nowMs = Math.max(nowMs, next.atMs);
    next.callback();
    return true;
  }

  /** What opens a database file calls this first. */
  function exec(this: DatabaseSync, sql: string): void {
    process.getStore()?.files.add(this);
    realExec.call(this, sql);
  }

  const randomBytes = (length: number) => Buffer.from(Array.from({ length }, () => random(256)));
  const realImmediate = setImmediate;
  const realExec = DatabaseSync.prototype.exec;
  const restore = replaceAll([
    [globalThis, { setTimeout: set, clearTimeout: clear, setInterval: setEvery, clearInterval: clear }],
    [globalThis, { setImmediate: setNow, clearImmediate: clear }],
    [timers, { setImmediate: setNow, clearImmediate: clear }],
    [timersPromises, { setTimeout: sleep, setImmediate: () => new Promise((resolve) => setNow(resolve)) }],
    [performance, { now: () => nowMs }],
    [Date, { now: () => Math.floor(startsAt + nowMs) }],
    [Math, { random: () => random(randomSteps) / randomSteps }],
    [crypto, { randomBytes }],
    [DatabaseSync.prototype, { exec }],
  ]);
  try {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    const result = work({
      nowMs: () => nowMs,
      until: (atMs) => new Promise((resolve) => set(resolve, atMs - nowMs)),
      openProcess() {
        const owner: Owner = { files: new Set(), isKilled: false, run: (begun) => begun() };
        owner.run = process.run(owner, () => AsyncLocalStorage.snapshot());
        return {
          run: owner.run,
          kill() {
            owner.isKilled = true;
            for (const file of owner.files) if (file.isOpen) file.close();
          },
        };
      },
    });
    result.then(end, end);
    for (;;) {
      await settle();
      if (isOver) return await result;
      while (!fireNext());
    }
  } finally {
    restore();
  }
}

/** Replaces properties, also for those who import them by name. @returns puts the former ones back */
function replaceAll(replacements: readonly (readonly [object, Record<string, unknown>])[]): () => void {
  const former = replacements.map(([object, values]) => [
    object,
    Object.fromEntries(Object.keys(values).map((name) => [name, Reflect.get(object, name)])),
  ]);
  const assign = (all: readonly (readonly [object, object])[]) => {
    for (const [object, values] of all) Object.assign(object, values);
    syncBuiltinESMExports();
  };
  assign(replacements);
  return () => assign(former as [object, object][]);
}
