import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Limiter, LimiterError, type Permit } from '../../src/resilience/limiter.ts';

const noSignal = new AbortController().signal;

function enter(limiter: Limiter, priority = 0, signal = noSignal): Promise<Permit> {
  return limiter.acquire({ priority: () => priority, signal });
}

test('permits go to those who wait in the order they came', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 9 });
  const order: number[] = [];
  const work = async (n: number) => {
    const permit = await enter(limiter);
    order.push(n);
    permit.release('other');
  };
  await Promise.all([1, 2, 3, 4].map(work));
  expect(order).toEqual([1, 2, 3, 4]);
});

test('who is more urgent goes first, however late', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 9 });
  const order: number[] = [];
  const work = async (priority: number) => {
    const permit = await enter(limiter, priority);
    order.push(priority);
    permit.release('other');
  };
  const first = await enter(limiter);
  const others = [2, 1, 2, 0, 1].map(work);
  first.release('other');
  await Promise.all(others);
  expect(order).toEqual([0, 1, 1, 2, 2]);
});

test('who becomes more urgent while waiting is taken for what it is then', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 9 });
  const first = await enter(limiter);
  let priority = 2;
  const order: string[] = [];
  const promoted = limiter.acquire({ priority: () => priority, signal: noSignal }).then((permit) => {
    order.push('promoted');
    permit.release('other');
  });
  const other = enter(limiter, 1).then((permit) => {
    order.push('other');
    permit.release('other');
  });
  priority = 0;
  first.release('other');
  await Promise.all([promoted, other]);
  expect(order).toEqual(['promoted', 'other']);
});

test('one too many is rejected at once', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 1 });
  const first = await enter(limiter);
  const second = enter(limiter);
  await expect(enter(limiter)).rejects.toMatchObject({ why: 'full' });
  first.release('other');
  (await second).release('other');
});

test('a full queue rejects its least urgent for a more urgent one', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 2 });
  const first = await enter(limiter);
  const batch = enter(limiter, 1);
  const background = enter(limiter, 2);
  const single = enter(limiter, 0);
  await expect(background).rejects.toMatchObject({ why: 'full' });
  first.release('other');
  (await single).release('other');
  (await batch).release('other');
});

test('who gives up leaves the queue at once and lets the next one in', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 2 });
  const first = await enter(limiter);
  const caller = new AbortController();
  const second = enter(limiter, 0, caller.signal);
  const third = enter(limiter);
  caller.abort(new Error('gone'));
  expect(limiter.state.waiting).toBe(1);
  await expect(second).rejects.toThrow('gone');
  first.release('other');
  (await third).release('other');
  expect(limiter.state.inFlight).toBe(0);
});

test('who has given up before asking gets no permit', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 1 });
  await expect(enter(limiter, 0, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(limiter.state.inFlight).toBe(0);
});

test('leaving twice frees one permit', async () => {
  const limiter = new Limiter({ concurrency: 2, maxWaiting: 1 });
  const first = await enter(limiter);
  await enter(limiter);
  first.release('other');
  first.release('other');
  expect(limiter.state.inFlight).toBe(1);
});

test('a reset rejects all who wait, and counts on no call that is under way', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 9 });
  const lost = await enter(limiter);
  const waiting = [enter(limiter), enter(limiter)];
  limiter.reset();
  for (const one of waiting) await expect(one).rejects.toEqual(new LimiterError('rejected'));
  expect(limiter.state).toMatchObject({ inFlight: 0, waiting: 0 });
  await enter(limiter);
  lost.release('other');
  expect(limiter.state.inFlight).toBe(1);
});

test('a probe starts at once, however many calls are under way', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 9 });
  await enter(limiter);
  await limiter.acquire({ priority: () => 0, isProbe: true, signal: noSignal });
  expect(limiter.state.inFlight).toBe(2);
});

test('a rejected call returns to its position, however many wait', async () => {
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 2 });
  const order: string[] = [];
  const first = await enter(limiter);
  const work = async (name: string, arrival: number, isReturning = false) => {
    const permit = await limiter.acquire({ priority: () => 1, signal: noSignal, arrival, isReturning });
    order.push(name);
    permit.release('other');
  };
  const all = [work('second', 2), work('third', 3), work('rejected', 1, true)];
  first.release('other');
  await Promise.all(all);
  expect(order).toEqual(['rejected', 'second', 'third']);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a fixed rate spaces those who wait, and a timer is all it takes', async () => {
  const limiter = new Limiter({ concurrency: 100, perSecond: 10, maxWaiting: 99 });
  const startedAt: number[] = [];
  const begin = performance.now();
  for (let n = 0; n < 11; n++)
    void enter(limiter).then(() => startedAt.push(Math.round(performance.now() - begin)));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(startedAt).toHaveLength(11);
  expect(startedAt.at(-1)).toBeGreaterThanOrEqual(900);
  expect(vi.getTimerCount()).toBe(0);
});

describe('a refusal that the number of calls can’t explain', () => {
  const adaptive = () => new Limiter({ concurrency: { start: 4, ceiling: 64 }, maxWaiting: 99 });

  test('is followed by a rest, twice as long after each further one in a row, then by one call alone', async () => {
    const limiter = adaptive();
    for (const restMs of [500, 1_000, 2_000, 4_000, 8_000, 8_000]) {
      expect((await enter(limiter)).release('rejected')).toBe(false);
      expect(limiter.pauseMs()).toBe(restMs);
      await vi.advanceTimersByTimeAsync(restMs);
    }
    const [scout] = [await enter(limiter), enter(limiter)];
    expect(limiter.state).toMatchObject({ inFlight: 1, waiting: 1 });
    scout.release('succeeded');
    expect(limiter.state).toMatchObject({ inFlight: 1, waiting: 0, limit: 4 });
    expect(limiter.pauseMs()).toBe(0);
  });

  test('is made up for by an answer', async () => {
    const limiter = adaptive();
    (await enter(limiter)).release('rejected');
    const next = enter(limiter);
    await vi.advanceTimersByTimeAsync(500);
    (await next).release('succeeded');
    (await enter(limiter)).release('rejected');
    expect(limiter.pauseMs()).toBe(500);
  });
});

describe('what the other side says of its rate', () => {
  test('is kept to: nothing starts before it said so', async () => {
    const limiter = new Limiter({ concurrency: 9, maxWaiting: 9 });
    (await enter(limiter)).release('succeeded', { remaining: 0, resetMs: 700 });
    const startedAt: number[] = [];
    const begin = performance.now();
    void enter(limiter).then(() => startedAt.push(performance.now() - begin));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(startedAt).toEqual([700]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('counts the calls that began after it was said', async () => {
    const limiter = new Limiter({ concurrency: 9, maxWaiting: 9 });
    const [first, second] = [await enter(limiter), await enter(limiter)];
    first.release('succeeded', { remaining: 2, resetMs: 700 });
    expect(limiter.pauseMs()).toBe(0);
    const third = await enter(limiter);
    second.release('succeeded', { remaining: 1, resetMs: 700 });
    expect(limiter.pauseMs()).toBeGreaterThanOrEqual(700);
    third.release('other');
  });

  test('sends those who wait elsewhere where it is long', async () => {
    const limiter = new Limiter({ concurrency: 2, maxWaiting: 9 });
    const [one] = [await enter(limiter), await enter(limiter)];
    const waiting = enter(limiter);
    one.release('rejected', { remaining: 0, resetMs: 5_000 });
    await expect(waiting).rejects.toEqual(new LimiterError('rejected'));
  });
});

test('that calls wait is reported', async () => {
  const states: unknown[] = [];
  const limiter = new Limiter({ concurrency: 1, maxWaiting: 9, onWait: (state) => states.push(state) });
  await enter(limiter);
  void enter(limiter);
  expect(states).toEqual([{ inFlight: 1, waiting: 1, limit: 1 }]);
});
