import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Failure } from '../../src/vision/wire/vendor-error.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { missedInReach, schedule } from '../support/schedules.ts';
import type { VendorRules } from '../support/simulated-vendor.ts';
import { type Arrival, type Simulated, simulate } from '../support/simulation.ts';

const callMs = fc.integer({ min: 50, max: 3_000 });
const few = fc.integer({ min: 1, max: 20 });

/** Quiet times after which what was found out is forgotten. */
function quietTimes(arrivals: readonly Arrival[]): number {
  const pauses = arrivals.slice(1).map(({ atMs }, index) => atMs - (arrivals[index]?.atMs ?? 0));
  return pauses.filter((pauseMs) => pauseMs > 60_000).length;
}

interface Kind {
  readonly rules: fc.Arbitrary<VendorRules>;
  /** The slower vendor that sets the expectation. */
  readonly ideal?: (rules: VendorRules) => VendorRules;
  /** What it may refuse beside so many answers, after so many quiet times. */
  readonly refusals: (answered: number, quiet: number, rules: VendorRules) => number;
}

/**
 * Refusals that don't state the rate look like refusals for too many calls at once. Until trials show otherwise, no
 * more calls are in flight than one window accepted, which matters where calls take longer than a window.
 */
function lookingLikeConcurrency(rules: VendorRules, windowMs: number): VendorRules {
  return { ...rules, windowMs, ...(rules.perWindow !== undefined && { atOnce: rules.perWindow }) };
}

const kinds: Record<string, Kind> = {
  'takes everything': { rules: fc.record({ callMs }), refusals: () => 0 },
  'takes so many at once': {
    rules: fc.record({
      callMs,
      atOnce: few,
      refusal: fc.constantFrom<Failure>(
        { status: 429 },
        ...[200, 400, 500].map((status) => ({ status, error: { codes: ['50430'] } })),
      ),
    }),
    // Those that find the wall, and those that try it again, ever more rarely.
    refusals: (_, quiet, { atOnce = 0 }) => (quiet + 1) * (12 + atOnce),
  },
  'refuses a few for no reason': {
    rules: fc.record({ callMs, strays: fc.uniqueArray(fc.nat(80), { maxLength: 5 }) }),
    refusals: () => 5,
  },
  'takes so many a second, and says so': {
    rules: fc.record({ callMs, perWindow: few, states: fc.constant('rate' as const) }),
    ideal: (rules) => ({ ...rules, windowMs: 1_100 }),
    refusals: (_, quiet, { perWindow = 0 }) => (quiet + 1) * (10 + perWindow),
  },
  'takes so many a second, and says when it refuses for how long': {
    rules: fc.record({ callMs, perWindow: few, states: fc.constant('retry-after' as const) }),
    ideal: (rules) => lookingLikeConcurrency(rules, 2_000),
    refusals: (answered, quiet) => answered + (quiet + 1) * 8,
  },
  'takes so many a second, and says nothing': {
    rules: fc.record({ callMs, perWindow: few }),
    ideal: (rules) => lookingLikeConcurrency(rules, 2_500),
    refusals: (answered, quiet) => 2 * answered + (quiet + 1) * 8,
  },
};

/** What the simulation may take beyond the ideal. */
const spareMs = 1_000;

test.each(Object.entries(kinds))(
  'a vendor that %s: every photo in reach gets its answer, and few calls are rejected',
  async (_, { rules, ideal = (same) => same, refusals }) => {
    await fc.assert(
      fc.asyncProperty(rules, schedule, async (vendor, arrivals) => {
        const { outcomes, vendors } = await simulate([vendor], arrivals);
        expect(missedInReach(ideal(vendor), outcomes, vendor.callMs + spareMs)).toEqual([]);
        const [{ refused, answered }] = vendors as [Simulated['vendors'][number]];
        expect(refused).toBeLessThanOrEqual(refusals(answered, quietTimes(arrivals), vendor));
      }),
      propertyRuns(250),
    );
  },
  60_000,
);

test('an outage is over for everybody five seconds after it ends', async () => {
  const outage = fc.record({
    fromMs: fc.integer({ min: 0, max: 10_000 }),
    // Long enough for calls that hang to be given up, and the circuit to open.
    toMs: fc.integer({ min: 70_000, max: 90_000 }),
    kind: fc.constantFrom('down' as const, 'hangs' as const, 'errors' as const),
  });
  const everyMs = fc.integer({ min: 100, max: 900 });
  await fc.assert(
    fc.asyncProperty(outage, everyMs, fc.integer({ min: 50, max: 900 }), async (trouble, pauseMs, ms) => {
      const arrivals = Array.from({ length: Math.ceil(110_000 / pauseMs) }, (_, index) => ({
        atMs: index * pauseMs,
        lane: 'single' as const,
        deadlineMs: 25_000,
      }));
      const { outcomes } = await simulate([{ callMs: ms, outage: trouble }], arrivals);
      const later = outcomes.filter(({ atMs }) => atMs > trouble.toMs + 5_000);
      expect(later.filter(({ isByLlm }) => !isByLlm)).toEqual([]);
    }),
    propertyRuns(50),
  );
}, 60_000);
