import { expect, test } from 'vitest';
import { adaptivePace } from '../../src/resilience/adaptive-pace.ts';

interface Vendor {
  /** Whether a call that arrives now is let in. */
  admits(nowMs: number): boolean;
}

/** Lets in as many in each whole second. */
function fixedWindow(perSecond: (nowMs: number) => number): Vendor {
  let second = -1;
  let count = 0;
  return {
    admits(nowMs) {
      if (Math.floor(nowMs / 1_000) !== second) [second, count] = [Math.floor(nowMs / 1_000), 0];
      return ++count <= perSecond(nowMs);
    },
  };
}

/** Lets in as many in any second, wherever it begins. */
function slidingWindow(perSecond: (nowMs: number) => number): Vendor {
  const admitted: number[] = [];
  return {
    admits(nowMs) {
      while (admitted.length > 0 && (admitted[0] ?? 0) <= nowMs - 1_000) admitted.shift();
      if (admitted.length >= perSecond(nowMs)) return false;
      admitted.push(nowMs);
      return true;
    },
  };
}

/** A bucket of a second's worth that is filled evenly. */
function tokenBucket(perSecond: (nowMs: number) => number): Vendor {
  let [tokens, atMs] = [0, 0];
  return {
    admits(nowMs) {
      const rate = perSecond(nowMs);
      tokens = Math.min(rate, tokens + ((nowMs - atMs) / 1_000) * rate);
      atMs = nowMs;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}

interface Outcome {
  readonly atMs: number;
  readonly isAdmitted: boolean;
}

/** More work than may be done, for so long, in steps of a millisecond, with a latency that varies. */
function run(vendor: Vendor, durationMs: number, maxInFlight = 40): Outcome[] {
  let nowMs = 0;
  let seed = 42;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const pace = adaptivePace({ nowMs: () => nowMs });
  const outcomes: Outcome[] = [];
  let ends: { atMs: number; startedAtMs: number; isAdmitted: boolean }[] = [];
  for (; nowMs < durationMs; nowMs++) {
    const due = ends.filter(({ atMs }) => atMs <= nowMs);
    ends = ends.filter(({ atMs }) => atMs > nowMs);
    for (const { isAdmitted, startedAtMs } of due)
      if (isAdmitted) pace.succeeded();
      else pace.tooFast(startedAtMs);
    while (ends.length < maxInFlight && pace.waitMs() === 0) {
      pace.started(ends.length < maxInFlight);
      const isAdmitted = vendor.admits(nowMs);
      outcomes.push({ atMs: nowMs, isAdmitted });
      const latencyMs = isAdmitted ? 150 + 300 * random() : 10 + 20 * random();
      ends.push({ atMs: nowMs + latencyMs, startedAtMs: nowMs, isAdmitted });
    }
  }
  return outcomes;
}

function between(outcomes: readonly Outcome[], fromMs: number, toMs: number) {
  const part = outcomes.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const admitted = part.filter(({ isAdmitted }) => isAdmitted).length;
  return { perSecond: (admitted / (toMs - fromMs)) * 1_000, refusedShare: 1 - admitted / part.length };
}

test.each([
  ['a fixed window', fixedWindow],
  ['a sliding window', slidingWindow],
  ['a token bucket', tokenBucket],
])(
  'against %s of 20 a second it settles above 95 percent of that with under 1 percent refused',
  (_, vendorOf) => {
    const { perSecond, refusedShare } = between(
      run(
        vendorOf(() => 20),
        90_000,
      ),
      15_000,
      90_000,
    );
    expect(perSecond).toBeGreaterThanOrEqual(19);
    expect(refusedShare).toBeLessThan(0.01);
  },
);

test.each([
  ['a fixed window', fixedWindow],
  ['a sliding window', slidingWindow],
])(
  'a limit that is lowered and raised again behind %s is at 90 percent within ten seconds',
  (_, vendorOf) => {
    const vendor = vendorOf((nowMs) => (nowMs >= 40_000 && nowMs < 60_000 ? 5 : 20));
    const outcomes = run(vendor, 90_000);
    expect(between(outcomes, 50_000, 60_000).perSecond).toBeGreaterThan(4);
    expect(between(outcomes, 70_000, 90_000).perSecond).toBeGreaterThanOrEqual(18);
  },
);

test('a limit that stays lowered is accepted after a while', () => {
  const outcomes = run(
    fixedWindow((nowMs) => (nowMs >= 30_000 ? 5 : 20)),
    180_000,
  );
  const { perSecond, refusedShare } = between(outcomes, 120_000, 180_000);
  expect(perSecond).toBeGreaterThanOrEqual(4.5);
  expect(refusedShare).toBeLessThan(0.015);
});

test('a limit that is raised for good is found', () => {
  const outcomes = run(
    fixedWindow((nowMs) => (nowMs >= 30_000 ? 60 : 20)),
    120_000,
  );
  expect(between(outcomes, 90_000, 120_000).perSecond).toBeGreaterThanOrEqual(54);
});

test('an outage in which nothing gets through says nothing about a rate', () => {
  let nowMs = 0;
  const pace = adaptivePace({ nowMs: () => nowMs });
  pace.started(true);
  nowMs = 100;
  expect(pace.tooFast(0)).toBe(false);
  expect(pace.perSecond).toBe(Infinity);
});

test('a fixed pace spaces calls evenly and learns nothing', () => {
  let nowMs = 0;
  const pace = adaptivePace({ fixed: 10, nowMs: () => nowMs });
  for (let started = 0; started < 5; started++) {
    nowMs += pace.waitMs();
    pace.started(true);
  }
  expect(nowMs).toBeCloseTo(350);
  nowMs = 1_000;
  pace.succeeded();
  pace.tooFast(900);
  expect(pace.perSecond).toBe(10);
});
