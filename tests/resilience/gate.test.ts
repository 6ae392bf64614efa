import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Gate, GateRefusal, openGate, type Place } from '../../src/resilience/gate.ts';

const patient = new AbortController().signal;

function enter(gate: Gate, priority = 0, signal = patient): Promise<Place> {
  return gate.enter({ priority: () => priority, signal });
}

test('places go to those who wait in the order they came', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 9 });
  const order: number[] = [];
  const work = async (n: number) => {
    const place = await enter(gate);
    order.push(n);
    place.leave('other');
  };
  await Promise.all([1, 2, 3, 4].map(work));
  expect(order).toEqual([1, 2, 3, 4]);
});

test('who is more urgent goes first, however late', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 9 });
  const order: number[] = [];
  const work = async (priority: number) => {
    const place = await enter(gate, priority);
    order.push(priority);
    place.leave('other');
  };
  const first = await enter(gate);
  const others = [2, 1, 2, 0, 1].map(work);
  first.leave('other');
  await Promise.all(others);
  expect(order).toEqual([0, 1, 1, 2, 2]);
});

test('who becomes more urgent while waiting is taken for what it is then', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 9 });
  const first = await enter(gate);
  let priority = 2;
  const order: string[] = [];
  const promoted = gate.enter({ priority: () => priority, signal: patient }).then((place) => {
    order.push('promoted');
    place.leave('other');
  });
  const other = enter(gate, 1).then((place) => {
    order.push('other');
    place.leave('other');
  });
  priority = 0;
  first.leave('other');
  await Promise.all([promoted, other]);
  expect(order).toEqual(['promoted', 'other']);
});

test('one too many is refused at once', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 1 });
  const first = await enter(gate);
  const second = enter(gate);
  await expect(enter(gate)).rejects.toMatchObject({ why: 'full' });
  first.leave('other');
  (await second).leave('other');
});

test('a full queue sends its least urgent away for somebody more urgent', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 2 });
  const first = await enter(gate);
  const batch = enter(gate, 1);
  const background = enter(gate, 2);
  const single = enter(gate, 0);
  await expect(background).rejects.toMatchObject({ why: 'full' });
  first.leave('other');
  (await single).leave('other');
  (await batch).leave('other');
});

test('who gives up leaves the queue at once and lets the next one in', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 2 });
  const first = await enter(gate);
  const impatient = new AbortController();
  const second = enter(gate, 0, impatient.signal);
  const third = enter(gate);
  impatient.abort(new Error('gone'));
  expect(gate.state.waiting).toBe(1);
  await expect(second).rejects.toThrow('gone');
  first.leave('other');
  (await third).leave('other');
  expect(gate.state.inFlight).toBe(0);
});

test('who has given up before asking gets no place', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 1 });
  await expect(enter(gate, 0, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(gate.state.inFlight).toBe(0);
});

test('leaving twice frees one place', async () => {
  const gate = openGate({ concurrency: 2, maxWaiting: 1 });
  const first = await enter(gate);
  await enter(gate);
  first.leave('other');
  first.leave('other');
  expect(gate.state.inFlight).toBe(1);
});

test('all who wait can be turned away; those at work stay', async () => {
  const gate = openGate({ concurrency: 1, maxWaiting: 9 });
  await enter(gate);
  const waiting = [enter(gate), enter(gate)];
  gate.turnAway();
  for (const one of waiting) await expect(one).rejects.toEqual(new GateRefusal('turned_away'));
  expect(gate.state).toMatchObject({ inFlight: 1, waiting: 0 });
});

test('the limit grows while it is what binds, and shrinks on a time-out, never below one', async () => {
  const gate = openGate({ concurrency: { start: 2, ceiling: 100 }, maxWaiting: 9, nowMs: () => 0 });
  for (let round = 0; round < 10; round++) {
    const places = await Promise.all([enter(gate), enter(gate)]);
    for (const place of places) place.leave('succeeded');
  }
  expect(gate.state.limit).toBeGreaterThan(2);
  for (let round = 0; round < 20; round++) (await enter(gate)).leave('timed_out');
  expect(gate.state.limit).toBe(1);
});

test('a fixed limit stays as it is', async () => {
  const gate = openGate({ concurrency: 3, maxWaiting: 9 });
  for (const ending of ['timed_out', 'too_many', 'succeeded'] as const) (await enter(gate)).leave(ending);
  expect(gate.state.limit).toBe(3);
});

test('where nothing gets through, refusals for the pace reduce the number of calls', async () => {
  const gate = openGate({ concurrency: { start: 8, ceiling: 100 }, maxWaiting: 9, nowMs: () => 0 });
  (await enter(gate)).leave('too_fast');
  expect(gate.state).toMatchObject({ limit: 5, perSecond: Infinity });
});

test('where others get through, they reduce the pace only', async () => {
  const gate = openGate({ concurrency: { start: 8, ceiling: 100 }, maxWaiting: 9, nowMs: () => 0 });
  (await enter(gate)).leave('succeeded');
  (await enter(gate)).leave('too_fast');
  expect(gate.state.limit).toBe(8);
  expect(gate.state.perSecond).toBeLessThan(10);
});

test('a burst of cut calls that were sent together counts once', async () => {
  let nowMs = 0;
  const gate = openGate({ concurrency: { start: 8, ceiling: 100 }, maxWaiting: 9, nowMs: () => nowMs });
  const places = await Promise.all(Array.from({ length: 8 }, () => enter(gate)));
  nowMs = 10;
  for (const place of places) place.leave('timed_out');
  expect(gate.state.limit).toBe(5);
});

test('after an outage the limit grows back fast to what has worked', async () => {
  let nowMs = 0;
  const gate = openGate({ concurrency: { start: 20, ceiling: 100 }, maxWaiting: 99, nowMs: () => ++nowMs });
  (await enter(gate)).leave('succeeded');
  for (let round = 0; round < 12; round++) (await enter(gate)).leave('timed_out');
  expect(gate.state.limit).toBe(1);
  let calls = 0;
  const worker = async () => {
    while (gate.state.limit < 18) {
      const place = await enter(gate);
      calls++;
      await Promise.resolve();
      place.leave('succeeded');
    }
  };
  await Promise.all(Array.from({ length: 40 }, worker));
  expect(calls).toBeLessThan(100);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a fixed pace spaces those who wait, and a timer is all it takes', async () => {
  const gate = openGate({ concurrency: 100, perSecond: 10, maxWaiting: 99 });
  const startedAt: number[] = [];
  const begin = performance.now();
  for (let n = 0; n < 11; n++)
    void enter(gate).then(() => startedAt.push(Math.round(performance.now() - begin)));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(startedAt).toHaveLength(11);
  expect(startedAt.at(-1)).toBeGreaterThanOrEqual(900);
  expect(vi.getTimerCount()).toBe(0);
});
