import type { PhotoRecord } from '../../src/store/records.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { activityOf, claimantOf, failedPhoto, photoOf, requestOf, sha256Of } from '../contracts/rows.ts';

const minuteMs = 60_000;
const categories = ['pets', 'foods', 'travel_scenery', 'single_person', 'screenshot', 'social_activities'];
const hits = ['memory', 'store', 'store', 'claim', 'flight'] as const;

/** A day that ends at `now`, as a service with an LLM would have written it down: quiet at night, busy at noon. */
export async function writePastDay(file: string, now: number): Promise<void> {
  const store = openSqliteStore({ file, statementTimeoutMs: 10_000 });
  await store.migrate();
  const photos: PhotoRecord[] = [];
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    const at = now - minute * minuteMs;
    const busy = 6 + Math.round(5 * Math.cos((minute / (12 * 60)) * Math.PI));
    for (let index = 0; index < busy; index += 1) photos.push(photoAt(at, minute + index * 7));
  }
  await store.saveActivity(activityOf({ photos: photos }));
  await store.saveActivity(
    activityOf({
      requests: photos.map(({ at, claimant, userId = '' }) =>
        requestOf({ at, claimant, userId, uploads: 1 }),
      ),
    }),
  );
  await store.saveActivity(
    activityOf({
      tallies: photos
        .filter(({ outcome }) => outcome === 'llm')
        .flatMap(({ at }) => [
          { at, dayAt: at - (at % 86_400_000), topic: 'call', name: 'answered', n: 1, amount: 420 },
          {
            at,
            dayAt: at - (at % 86_400_000),
            topic: 'agree',
            name: 'pets',
            n: 1,
            amount: at % 9 === 0 ? 0 : 1,
          },
          {
            at,
            dayAt: at - (at % 86_400_000),
            topic: 'sure',
            name: Math.floor(at / minuteMs) % 5 < 3 ? 'sure' : 'unsure',
            n: 1,
            amount: Math.floor(at / minuteMs) % 9 === 0 ? 0 : 1,
          },
          { at, dayAt: at - (at % 86_400_000), topic: 'spent', name: 'batch', n: 1, amount: 420 },
        ]),
    }),
  );
  const quarters = Array.from({ length: 96 }, (_, quarter) => now - quarter * 15 * minuteMs);
  await store.saveActivity(
    activityOf({
      tallies: quarters.flatMap((at, index) => {
        const moment = { at, dayAt: at - (at % 86_400_000), n: 1, amount: 0 };
        return [
          { ...moment, topic: 'call', name: index % 3 === 0 ? 'timeout' : 'rate_limited' },
          { ...moment, topic: 'fallback', name: index % 5 === 0 ? 'deadline' : 'rate_limited' },
          { ...moment, topic: 'sent', name: index % 3 === 0 ? 'classify' : 'batch', n: 20 },
          { ...moment, topic: 'asked', name: 'batch-check-cache', n: 40, amount: 22 },
        ];
      }),
    }),
  );
  const claimant = claimantOf('user 7');
  const hash = sha256Of('a cat on a plate');
  await store.saveClaims([{ claimant, claimed: hash, content: hash, at: now - 60 * minuteMs }]);
  await store.saveFeedback({
    claimant,
    hash,
    category: 'pets',
    answered: 'foods',
    at: now - 50 * minuteMs,
  });
  await store.close();
}

function photoAt(at: number, seed: number): PhotoRecord {
  const user = `user ${seed % 23}`;
  const head = { at, claimant: claimantOf(user), userId: user, sizeBytes: 200_000 + seed * 31 };
  const category = categories[seed % categories.length] ?? 'other';
  const said = { category, confidence: 0.8 + (seed % 20) / 100 };
  if (seed % 29 === 0) return { ...failedPhoto(), ...head, requestId: `req_${seed}` };
  if (seed % 17 === 0)
    return photoOf({ ...head, ...said, outcome: 'local', degraded: true, durationMs: 90 + (seed % 60) });
  if (seed % 5 < 3) {
    const outcome = hits[seed % hits.length] ?? 'store';
    const kind = seed % 2 === 0 ? 'lookup' : 'upload';
    const saved = { savedMicro: 420, ...(kind === 'lookup' && { avoidedBytes: 230_000 }) };
    return photoOf({ ...head, ...said, outcome, kind, durationMs: seed % 12, ...saved });
  }
  return photoOf({ ...head, ...said, durationMs: 900 + ((seed * 37) % 2600) });
}
