import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { ConcurrencyLimit, type LimitedCall } from '../../src/resilience/concurrency-limit.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
});

/** A limit with calls in flight, which end by these methods. */
function limitOf(start = 4, ceiling = 256) {
  const limit = new ConcurrencyLimit({ start, ceiling, nowMs: () => nowMs });
  const calls: LimitedCall[] = [];
  const take = () => {
    const call = calls.shift();
    if (call === undefined) throw new Error('no call is in flight');
    return call;
  };
  return {
    get current() {
      return limit.current;
    },
    get inFlight() {
      return calls.length;
    },
    fill() {
      while (limit.waitMs(calls.length) === 0) calls.push(limit.start(calls.length));
    },
    start: () => void calls.push(limit.start(calls.length)),
    succeed(isBinding = calls.length >= limit.current) {
      limit.succeeded(take(), isBinding);
    },
    reject: () => limit.rejected(take(), calls.length),
    rejectLast: () => limit.rejected(calls.pop() as LimitedCall, calls.length),
    timeOut: () => limit.timedOut(take(), calls.length),
  };
}

/** Everything under way is answered while more waits. */
function round(limit: ReturnType<typeof limitOf>) {
  for (let left = limit.inFlight; left > 0; left--) {
    limit.succeed();
    limit.fill();
  }
}

test('it doubles in a round trip while it is what binds', () => {
  const limit = limitOf();
  limit.fill();
  const seen = [1, 2, 3].map(() => {
    round(limit);
    return limit.current;
  });
  expect(seen).toEqual([8, 16, 32]);
});

test('it stays as it is, and never shrinks, where it does not bind', () => {
  const limit = limitOf();
  for (let call = 0; call < 50; call++) {
    limit.start();
    limit.succeed();
    nowMs += 60_000;
  }
  expect(limit.current).toBe(4);
});

test.each([1, 3, 7])('if a vendor accepts %i of eight calls at once, that is the limit', (atOnce) => {
  const limit = limitOf(8);
  limit.fill();
  for (let rejected = atOnce; rejected < 8; rejected++) limit.reject();
  expect(limit.current).toBe(atOnce);
  round(limit);
  expect(limit.current).toBe(atOnce);
});

test('a refusal never sets the limit below the calls that were accepted at the same time', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ noNaN: true, min: 0, max: 1 })), fc.nat(40), (draws, extra) => {
      const draw = () => draws.next().value as number;
      const limit = new ConcurrencyLimit({ start: 8, ceiling: 64, nowMs: () => 0 });
      const underWay = new Set<{ call: LimitedCall; isRejected: boolean }>();
      const begin = () => {
        while (limit.waitMs(underWay.size) === 0)
          underWay.add({ call: limit.start(underWay.size), isRejected: draw() < 0.3 });
      };
      begin();
      for (let step = 0; step < 30 + extra; step++) {
        const one = [...underWay][Math.floor(draw() * underWay.size * 0.999)];
        if (one === undefined) break;
        underWay.delete(one);
        if (one.isRejected) limit.rejected(one.call, underWay.size);
        else limit.succeeded(one.call, true);
        const accepted = [...underWay].filter(({ isRejected }) => !isRejected).length;
        if (one.isRejected && accepted > 0) expect(limit.current).toBeGreaterThanOrEqual(accepted);
        if (draw() < 0.7) begin();
      }
    }),
  );
});

test('a rejection of a call alone does not change it: the next call goes alone', () => {
  const limit = limitOf(8);
  limit.start();
  expect(limit.reject()).toBe(false);
  expect(limit.current).toBe(1);
  limit.start();
  limit.succeed();
  expect(limit.current).toBe(8);
});

test('above a wall one call at a time is tried, the more rarely the more often it was refused', () => {
  const limit = limitOf(8);
  limit.fill();
  for (let rejected = 3; rejected < 8; rejected++) limit.reject();
  const triedAt: number[] = [];
  for (; nowMs < 200_000; nowMs += 250) {
    limit.fill();
    expect(limit.inFlight).toBeLessThanOrEqual(4);
    if (limit.inFlight === 4) {
      triedAt.push(nowMs);
      limit.rejectLast();
    }
    limit.succeed();
  }
  const pauses = triedAt.slice(1).map((atMs, index) => Math.round((atMs - (triedAt[index] ?? 0)) / 1_000));
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(limit.current).toBe(3);
});

test('an accepted try lifts the wall, and soon the next one', () => {
  const limit = limitOf(8);
  limit.fill();
  limit.reject();
  for (let rejected = 3; rejected < 7; rejected++) limit.reject();
  expect(limit.current).toBe(3);
  for (let rounds = 0; rounds < 40; rounds++) {
    nowMs += 250;
    limit.fill();
    round(limit);
  }
  expect(limit.current).toBeGreaterThanOrEqual(10);
});

test('a try that has not been refused for a while counts as accepted, however long its answer takes', () => {
  const limit = limitOf(8);
  limit.fill();
  for (let rejected = 3; rejected < 8; rejected++) limit.reject();
  const seen = [500, 1_000, 1_500].map((atMs) => {
    nowMs = atMs;
    limit.fill();
    return limit.inFlight;
  });
  expect([...seen, limit.current]).toEqual([4, 4, 5, 4]);
});

test('a wall is forgotten after quiet minutes', () => {
  const limit = limitOf(8);
  limit.fill();
  for (let rejected = 1; rejected < 8; rejected++) limit.reject();
  expect(limit.current).toBe(1);
  nowMs = 119_000;
  expect(limit.current).toBe(1);
  nowMs = 121_000;
  expect(limit.current).toBe(8);
});

test('time-outs shrink it once a round trip, down to one; of a call alone they don’t', () => {
  const limit = limitOf(8);
  limit.fill();
  for (let call = 0; call < 8; call++) limit.timeOut();
  expect(limit.current).toBe(5);
  limit.start();
  limit.timeOut();
  expect(limit.current).toBe(5);
  for (let rounds = 0; rounds < 20; rounds++) {
    limit.start();
    limit.start();
    limit.timeOut();
    limit.timeOut();
  }
  expect(limit.current).toBe(1);
  limit.fill();
  for (let rounds = 0; rounds < 3; rounds++) round(limit);
  expect(limit.current).toBe(8);
});

test('a ceiling is kept to', () => {
  const limit = limitOf(3, 3);
  limit.fill();
  for (let rounds = 0; rounds < 5; rounds++) round(limit);
  expect(limit.current).toBe(3);
});
