/** Past traffic: records as the service writes them, in the order of time, with the sums that go with them. */
import { minutesKeptMs } from '../src/stats/reports/series.ts';
import type { PhotoRecord, RequestRecord } from '../src/store/records.ts';
import type { Store } from '../src/store/store.ts';
import { activityOf, claimantOf, sha256Of } from '../tests/contracts/rows.ts';

export const dayMs = 86_400_000;
const hourMs = 3_600_000;
const group = 20_000;
const usersADay = 2000;
const claimants = Array.from({ length: 20_000 }, (_, index) => claimantOf(`user ${index}`));
const categories = ['pets', 'foods', 'travel_scenery', 'single_person', 'screenshot', 'idcard', 'other'];
const outcomes = [
  'llm',
  'memory',
  'store',
  'store',
  'claim',
  'flight',
  'llm',
  'local',
  'store',
  'failed',
] as const;

export function photoAt(at: number, index: number): PhotoRecord {
  const outcome = outcomes[(index * 7) % outcomes.length] ?? 'llm';
  const user = (Math.floor(at / dayMs) * 311 + (index % usersADay)) % claimants.length;
  return {
    at,
    requestId: `req_${Math.floor(at / 1000)}_${index}`,
    claimant: claimants[user] ?? '',
    userId: `user ${user}`,
    network: '192.0.2.0/24',
    sha256: sha256Of(`photo ${index}`),
    kind: outcome === 'claim' ? 'lookup' : 'upload',
    outcome,
    sizeBytes: 200_000 + (index % 1000),
    degraded: outcome === 'local',
    durationMs: outcome === 'llm' ? 800 + ((index * 37) % 3000) : index % 40,
    ...(outcome === 'failed'
      ? { errorCode: 'undecodable_image' }
      : { category: categories[index % categories.length] ?? 'other', confidence: 0.9, model: 'vision-1' }),
    ...(outcome === 'store' && { savedMicro: 420 }),
  };
}

function requestFor({ at, requestId, claimant, userId = '', network }: PhotoRecord): RequestRecord {
  const counts = { lookups: 20, lookupHits: 8, uploads: 0, durationMs: 12 };
  return { at, requestId, claimant, userId, network, route: 'batch-check-cache', ...counts };
}

/** Sums of minutes are kept three days: before that, records fall on whole hours, and there are no others. */
function momentOf(at: number, now: number): number {
  return Math.floor(at < now - minutesKeptMs ? at - (at % hourMs) : at);
}

/** Spreads that many photos, and a twentieth as many requests, evenly over the days before `now`. */
export async function fillRecords(
  store: Store,
  { records, days, now }: { records: number; days: number; now: number },
): Promise<void> {
  const everyMs = (days * dayMs) / records;
  for (let from = 0; from < records; from += group) {
    const photos = Array.from({ length: Math.min(group, records - from) }, (_, index) =>
      photoAt(momentOf(now - (records - from - index) * everyMs, now), from + index),
    );
    await store.saveActivity(activityOf({ photos: photos }));
    await store.saveActivity(
      activityOf({ requests: photos.filter((_, index) => index % 20 === 0).map(requestFor) }),
    );
    if ((from / group) % 50 === 0) console.log(`  ${from} of ${records}`);
  }
}
