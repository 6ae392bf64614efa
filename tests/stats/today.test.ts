import { expect, test } from 'vitest';
import { reportToday } from '../../src/stats/today.ts';
import type { Summary } from '../../src/store/store.ts';

const now = Date.parse('2026-07-01T03:00:00Z');

const summary: Summary = {
  requests: 9,
  lookups: 20,
  lookupHits: 5,
  photos: 16,
  photosByOutcome: { llm: 4, local: 2, flight: 1, memory: 3, store: 4, claim: 1, failed: 1 },
  degraded: 2,
  uniqueUsers: 3,
  latencyByOutcome: { llm: { count: 4, p50Ms: 1800, p95Ms: 4000 }, memory: { count: 3, p50Ms: 1, p95Ms: 2 } },
};

test('the report of today is asked for the day of the zone and adds up', async () => {
  const spans: number[][] = [];
  const summarise = async (from: number, to: number) => {
    spans.push([from, to]);
    return summary;
  };
  expect(await reportToday({ summarise }, { now, timeZone: 'Asia/Shanghai' })).toEqual({
    date: '2026-07-01',
    time_zone: 'Asia/Shanghai',
    from: '2026-06-30T16:00:00.000Z',
    to: '2026-07-01T16:00:00.000Z',
    requests: 9,
    lookups: 20,
    lookup_hits: 5,
    lookup_misses: 15,
    photos: 16,
    hits: 9,
    hits_by_kind: { memory: 3, store: 4, claim: 1, flight: 1 },
    misses: 6,
    hit_rate: 0.6,
    llm: 4,
    local: 2,
    failed: 1,
    degraded: 2,
    unique_users: 3,
    latency_ms: { llm: { count: 4, p50: 1800, p95: 4000 }, memory: { count: 3, p50: 1, p95: 2 } },
  });
  expect(spans).toEqual([[Date.parse('2026-06-30T16:00:00Z'), Date.parse('2026-07-01T16:00:00Z')]]);
});

test('a day on which nothing was answered has a hit rate of 0', async () => {
  const photosByOutcome = { llm: 0, local: 0, flight: 0, memory: 0, store: 0, claim: 0, failed: 3 };
  const report = await reportToday(
    { summarise: async () => ({ ...summary, photos: 3, photosByOutcome }) },
    { now, timeZone: 'UTC' },
  );
  expect(report).toMatchObject({ photos: 3, hits: 0, misses: 0, hit_rate: 0, failed: 3 });
});
