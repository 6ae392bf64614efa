import fc from 'fast-check';
import type { VendorRules } from './simulated-vendor.ts';
import type { Arrival, Outcome } from './simulation.ts';

/** Photos that come after a pause, each `everyMs` after the one before. */
interface Phase {
  readonly pauseMs: number;
  readonly photos: number;
  readonly everyMs: number;
}

const pause = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 400_000 }) },
);

const phase: fc.Arbitrary<Phase> = fc.record({
  pauseMs: pause,
  photos: fc.integer({ min: 1, max: 25 }),
  everyMs: fc.oneof(fc.constant(0), fc.integer({ min: 20, max: 2_000 })),
});

/** Up to a hundred photos, all of one lane: the oracle below knows no other order than that of arrival. */
export const schedule: fc.Arbitrary<Arrival[]> = fc
  .tuple(
    fc.constantFrom('single' as const, 'batch' as const),
    fc.array(phase, { minLength: 1, maxLength: 5 }),
  )
  .map(([lane, phases]) => {
    let atMs = 0;
    return phases.flatMap(({ pauseMs, photos, everyMs }) => {
      atMs += pauseMs;
      return Array.from({ length: photos }, (_, index): Arrival => {
        if (index > 0) atMs += everyMs;
        return { atMs, lane, deadlineMs: lane === 'single' ? 25_000 : 55_000 };
      });
    });
  });

/**
 * When a vendor that takes photos in the order in which they come, and leaves out who can't be reached in time, would
 * have answered each; Infinity for those.
 */
export function answeredByVendor(rules: VendorRules, arrivals: readonly Arrival[]): number[] {
  const { callMs, atOnce = Infinity, perWindow = Infinity, windowMs = 1_000 } = rules;
  const ends: number[] = [];
  let window = { startMs: Number.NEGATIVE_INFINITY, count: 0 };
  return arrivals.map(({ atMs, deadlineMs }) => {
    const soonest = [...ends].sort((one, other) => other - one);
    let startMs = ends.length < atOnce ? atMs : Math.max(atMs, soonest[atOnce - 1] ?? 0);
    if (startMs < window.startMs + windowMs && window.count >= perWindow) startMs = window.startMs + windowMs;
    const endMs = startMs + callMs;
    if (endMs > atMs + deadlineMs) return Number.POSITIVE_INFINITY;
    if (startMs >= window.startMs + windowMs) window = { startMs, count: 0 };
    window.count++;
    ends.push(endMs);
    return endMs;
  });
}

/** Photos that the local model answered although the vendor would have, with that much time to spare. */
export function missedInReach(
  rules: VendorRules,
  outcomes: readonly Outcome[],
  spareMs: number,
): { readonly atMs: number; readonly wouldHaveMs: number }[] {
  const answered = answeredByVendor(rules, outcomes);
  return outcomes.flatMap(({ atMs, deadlineMs, isByLlm }, index) => {
    const wouldHaveMs = answered[index] ?? Number.POSITIVE_INFINITY;
    return !isByLlm && wouldHaveMs + spareMs <= atMs + deadlineMs ? [{ atMs, wouldHaveMs }] : [];
  });
}
