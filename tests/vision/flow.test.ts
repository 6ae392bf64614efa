import { describe, expect, test } from 'vitest';
import type { VendorRules } from '../support/simulated-vendor.ts';
import { type Arrival, batch, type Simulated, simulate, single } from '../support/simulation.ts';

/** One photo after another, each `everyMs` after the one before. */
const singles = (fromMs: number, everyMs: number, count: number): Arrival[] =>
  Array.from({ length: count }, (_, index) => single(fromMs + index * everyMs));

const local = ({ outcomes }: Simulated) => outcomes.filter(({ isByLlm }) => !isByLlm);
const refused = ({ vendors }: Simulated) => vendors[0]?.refused ?? 0;

function percentile({ outcomes }: Simulated, share: number): number {
  const took = outcomes.map(({ tookMs }) => tookMs).sort((one, other) => one - other);
  return took[Math.ceil(share * took.length) - 1] ?? 0;
}

describe('a stray refusal', () => {
  test('costs those nothing who come after quiet minutes', async () => {
    const arrivals = [...singles(0, 1_000, 2), ...singles(240_000, 100, 150)];
    const calm = await simulate([{ callMs: 300 }], arrivals);
    const strayed = await simulate([{ callMs: 300, strays: [1] }], arrivals);
    expect(local(strayed)).toEqual([]);
    expect(percentile(strayed, 0.95)).toBeLessThanOrEqual(1.2 * percentile(calm, 0.95));
  });

  test.each([
    [300, 100],
    [1_000, 100],
    [300, 20],
  ])('in fifty calls of %i ms, one every %i ms, costs no photo its answer', async (callMs, everyMs) => {
    const strays = Array.from({ length: 30 }, (_, index) => index * 50 + ((index * 7) % 13));
    const seen = await simulate([{ callMs, strays }], singles(0, everyMs, 1_000));
    expect(local(seen)).toEqual([]);
    expect(percentile(seen, 0.95)).toBeLessThanOrEqual(2_000);
  });
});

describe('a vendor that takes three at once', () => {
  const refusals: [string, VendorRules['refusal']][] = [
    ['429', undefined],
    ...[200, 400, 429, 500].map((status): [string, VendorRules['refusal']] => [
      `${status} with code 50430`,
      { status, error: { codes: ['50430'] } },
    ]),
  ];

  test.each(refusals)(
    'and refuses with %s answers five batches, and is asked for little more',
    async (_, refusal) => {
      const rules = { callMs: 600, atOnce: 3, ...(refusal && { refusal }) };
      const seen = await simulate(
        [rules],
        [0, 1, 2, 3, 4].flatMap((index) => batch(index * 4_300)),
      );
      expect(local(seen)).toEqual([]);
      expect(refused(seen)).toBeLessThanOrEqual(6);
      expect(seen.endedMs).toBeLessThanOrEqual(1.15 * 5 * 4_200);
    },
  );

  test('answers as many as it can where more come, not those first who come too late', async () => {
    const seen = await simulate([{ callMs: 600, atOnce: 3 }], singles(0, 100, 900));
    // In the 90 s in which they come, and the 24 s that the last ones wait.
    expect(seen.outcomes.length - local(seen).length).toBeGreaterThanOrEqual(0.97 * 5 * 114);
  });

  test('leaves the rest of a batch to another vendor that has room', async () => {
    const seen = await simulate([{ callMs: 600, atOnce: 3 }, { callMs: 600 }], batch(0));
    expect(local(seen)).toEqual([]);
    expect(seen.vendors[1]?.calls).toBe(refused(seen));
  });
});

test('a photo that two vendors have no room for keeps its position', async () => {
  const twoAtOnce = { callMs: 600, atOnce: 2 };
  const { outcomes, vendors } = await simulate([twoAtOnce, twoAtOnce], batch(0, 8));
  const lastMs = Math.max(...outcomes.map(({ tookMs }) => tookMs));
  const last = outcomes.flatMap(({ tookMs }, index) => (tookMs === lastMs ? [index] : []));
  expect(vendors.map(({ refused: count }) => count > 0)).toEqual([true, true]);
  expect(last.every((index) => index >= 4)).toBe(true);
  expect(local({ outcomes, vendors, endedMs: lastMs })).toEqual([]);
});

describe('a vendor of two a second', () => {
  const fiveBatches = [0, 1, 2, 3, 4].flatMap((index) => batch(index * 12_000));

  test.each([50, 300, 1_000])(
    'with rate headers is asked for little more in one batch, at %i ms a call',
    async (callMs) => {
      const seen = await simulate([{ callMs, perWindow: 2, states: 'rate' }], batch(0));
      expect(local(seen)).toEqual([]);
      expect(refused(seen)).toBeLessThanOrEqual(0.1 * (seen.vendors[0]?.calls ?? 0));
      expect(seen.endedMs).toBeLessThanOrEqual(11_000);
    },
  );

  test.each(['retry-after', undefined] as const)('that says %s answers five batches', async (states) => {
    const seen = await simulate([{ callMs: 300, perWindow: 2, ...(states && { states }) }], fiveBatches);
    expect(local(seen)).toEqual([]);
    // One refusal for each answer at most: nothing says when the next call will be accepted.
    expect(refused(seen)).toBeLessThanOrEqual(fiveBatches.length);
  });
});

describe('a vendor in an outage', () => {
  const outage = (kind: 'down' | 'hangs' | 'errors', toMs = Infinity) => ({ fromMs: 0, toMs, kind });

  test('that is out of reach: from the fourth photo on each has its local answer at once', async () => {
    const seen = await simulate([{ callMs: 300, outage: outage('down') }], singles(0, 7_000, 30));
    const took = seen.outcomes.slice(3).map(({ tookMs }) => tookMs);
    expect(Math.max(...took)).toBeLessThan(100);
  });

  test('that hangs: once the circuit is open no photo waits longer than for its probe', async () => {
    const seen = await simulate([{ callMs: 300, outage: outage('hangs') }], singles(0, 500, 400));
    const later = seen.outcomes.filter(({ atMs }) => atMs > 45_000);
    expect(Math.max(...later.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(2_100);
    expect(seen.vendors[0]?.calls).toBeLessThan(90);
  });

  test('that begins to hang: single photos wait a few seconds, and only until the circuit is open', async () => {
    const hangs = { fromMs: 10_000, toMs: Infinity, kind: 'hangs' as const };
    const seen = await simulate([{ callMs: 300, outage: hangs }], singles(0, 700, 200));
    const during = seen.outcomes.filter(({ atMs }) => atMs >= 10_000);
    // For a permit that another call holds for 3 s, then 3 s for its own call.
    expect(Math.max(...during.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(6_100);
    const open = during.filter(({ atMs }) => atMs > 17_000);
    expect(Math.max(...open.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(500);
  });

  test('that begins to hang: photos that come one by one wait 3 s each, five of them', async () => {
    const hangs = { fromMs: 100_000, toMs: Infinity, kind: 'hangs' as const };
    const seen = await simulate([{ callMs: 300, outage: hangs }], singles(0, 10_000, 30));
    const slow = seen.outcomes.filter(({ tookMs }) => tookMs > 500);
    expect(slow.map(({ atMs }) => atMs)).toEqual([100_000, 110_000, 120_000, 130_000, 140_000]);
    expect(Math.max(...slow.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(3_100);
  });

  test('that begins to hang: a photo of a batch waits for the circuit, not for its deadline', async () => {
    const hangs = { fromMs: 10_000, toMs: Infinity, kind: 'hangs' as const };
    const seen = await simulate([{ callMs: 300, outage: hangs }], [...batch(0), ...batch(12_000)]);
    expect(Math.max(...seen.outcomes.slice(20).map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(10_000);
  });

  test('whose calls take long for once: another vendor answers, and the first one stays in use', async () => {
    const slow = { fromMs: 10_000, toMs: 10_100, times: 20 };
    const rules = [{ callMs: 300, slow }, { callMs: 300 }];
    const seen = await simulate(rules, singles(0, 100, 200));
    expect(local(seen)).toEqual([]);
    expect(Math.max(...seen.outcomes.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(3_500);
    expect(seen.vendors[1]?.calls).toBeLessThanOrEqual(4);
  });

  test.each(['down', 'hangs', 'errors'] as const)(
    'and back (%s): within five seconds all photos are the LLM’s',
    async (kind) => {
      const rules = { callMs: 300, outage: outage(kind, 60_000) };
      const seen = await simulate([rules], singles(0, 250, 300));
      const later = seen.outcomes.filter(({ atMs }) => atMs > 65_000);
      expect(later.length).toBeGreaterThan(30);
      expect(later.filter(({ isByLlm }) => !isByLlm)).toEqual([]);
      expect(Math.max(...later.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(600);
    },
  );

  test('that is over: five photos at a half-open circuit are five by the LLM', async () => {
    const rules = { callMs: 1_000, outage: outage('down', 20_000) };
    const seen = await simulate([rules], [...singles(0, 1_000, 19), ...singles(24_100, 1, 5)]);
    expect(local(seen)).toHaveLength(19);
    expect(seen.outcomes.slice(19).filter(({ isByLlm }) => !isByLlm)).toEqual([]);
  });

  test('photos of a batch wait for one probe, and no longer', async () => {
    const rules = { callMs: 300, outage: outage('down', 61_000) };
    const seen = await simulate([rules], [...singles(0, 1_000, 59), ...batch(60_000), ...batch(61_000)]);
    const [first, second] = [seen.outcomes.slice(59, 79), seen.outcomes.slice(79)];
    expect(Math.max(...first.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(5_000);
    expect(second.filter(({ isByLlm }) => !isByLlm)).toEqual([]);
  });

  test('that answers everything with 429 keeps no photo waiting for long', async () => {
    const seen = await simulate([{ callMs: 300, atOnce: 0 }], singles(0, 1_000, 300));
    const later = seen.outcomes.slice(20);
    expect(Math.max(...later.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(100);
    expect(refused(seen)).toBeLessThanOrEqual(300 / 2);
  });
});

test('a vendor that only gets slower with more calls at once is not asked for ever more', async () => {
  const seen = await simulate(
    [{ callMs: 1_000, shares: 1 }],
    [...batch(0), ...batch(60_000), ...batch(120_000)],
  );
  expect(local(seen)).toEqual([]);
});

test("the operator's own limits hold", async () => {
  const paced = await simulate([{ callMs: 100, perWindow: 2 }], batch(0), { maxRate: 1.9 });
  expect([local(paced), refused(paced)]).toEqual([[], 0]);
  const few = await simulate([{ callMs: 100, atOnce: 3 }], batch(0), { maxConcurrency: 3 });
  expect([local(few), refused(few)]).toEqual([[], 0]);
  const many = await simulate([{ callMs: 100, atOnce: 3 }], batch(0), { maxConcurrency: 9 });
  expect(local(many)).toEqual([]);
  expect(refused(many)).toBeLessThanOrEqual(8);
});
