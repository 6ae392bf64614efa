import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type StoreJournal, withJournal } from '../../src/store/journal/with-journal.ts';
import {
  activityOf,
  claimOf,
  lookupOf,
  photoOf,
  requestOf,
  resultOf,
  sha256Of,
  version,
} from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { recordingLogger } from './recording-logger.ts';
import { unreliableStore } from './unreliable-store.ts';

const photo = fc.nat(5).map((index) => `photo ${index}`);
const step = fc.oneof(
  { weight: 6, arbitrary: photo.map((name) => ({ do: 'answer' as const, name })) },
  { weight: 3, arbitrary: photo.map((name) => ({ do: 'hit' as const, name })) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('down' as const, 'silent' as const, undefined)
      .map((fault) => ({ do: 'fail' as const, fault })),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'replay' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
);

/** What should be in the store at the end. */
function openModel() {
  return { answers: 0, hits: new Map<string, number>(), results: new Map<string, number>() };
}

test('outages, lost answers and crashes lose no result and write no record twice', async () => {
  const fixture = await sqliteFixture();
  const store = fixture.open();
  await store.migrate();
  const folder = mkdtempSync(join(tmpdir(), 'album-journal-'));
  const unreliable = unreliableStore(store);
  const { logger } = recordingLogger();
  const newBatch = () => randomBytes(16).toString('hex');

  function openJournal(): StoreJournal {
    const journal = withJournal(unreliable, { folder, maxBytes: 1e8, logger, pauseMs: 0 });
    journal.start();
    return journal;
  }

  async function answer({ writes }: StoreJournal, name: string, at: number): Promise<void> {
    await writes.saveResults([resultOf(name, { createdAt: at, model: `m${at}` })]);
    await writes.saveClaims([claimOf('anna', `original of ${name}`, name, at)]);
    const activity = activityOf({ photos: [photoOf({ at: 1000 + at })], requests: [requestOf()] });
    await writes.saveActivity(activity, newBatch());
  }

  const sum = async (sql: string) => Number((await fixture.rows(sql))[0]?.n ?? 0);

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      unreliable.fail(undefined);
      await fixture.empty();
      const model = openModel();
      let journal = openJournal();
      for (const [at, one] of steps.entries()) {
        if (one.do === 'fail') unreliable.fail(one.fault);
        if (one.do === 'replay') await journal.replay();
        if (one.do === 'answer') {
          await answer(journal, one.name, at);
          model.answers += 1;
          model.results.set(one.name, at);
        }
        // As the service does: what was hit was answered before, and its result waits or is written.
        if (one.do === 'hit' && model.results.has(one.name)) {
          await journal.writes.countHits([{ sha256: sha256Of(one.name), version, count: 1, at }], newBatch());
          model.hits.set(one.name, (model.hits.get(one.name) ?? 0) + 1);
        }
        if (one.do === 'crash') {
          // Nothing is written in its end, and its lock goes.
          unreliable.fail('down');
          await journal.close();
          journal = openJournal();
        }
        // At every moment each answer is in the store or in the journal.
        for (const name of model.results.keys()) {
          const waiting = journal.find(lookupOf(`original of ${name}`, 'anna'));
          const [written] = await store.findResults([lookupOf(`original of ${name}`, 'anna')]);
          expect(waiting ?? written).toBeDefined();
        }
      }
      unreliable.fail(undefined);
      await journal.replay();
      await journal.close();
      const found = await store.findResults([...model.results.keys()].map((name) => lookupOf(name)));
      expect(found.map((result) => result?.model)).toEqual([...model.results.values()].map((at) => `m${at}`));
      expect(await sum('SELECT COUNT(*) AS n FROM album_claims')).toBe(model.results.size);
      expect(await sum('SELECT COUNT(*) AS n FROM photos')).toBe(model.answers);
      expect(await sum('SELECT SUM(photos) AS n FROM day_users')).toBe(model.answers);
      const counted = await fixture.rows('SELECT sha256, hits FROM results WHERE hits > 0');
      const hits = new Map(
        counted.map((row) => [Buffer.from(row.sha256 as Uint8Array).toString('hex'), Number(row.hits)]),
      );
      expect(hits).toEqual(new Map([...model.hits].map(([name, count]) => [sha256Of(name), count])));
      expect(readdirSync(folder)).toEqual([]);
    }),
    propertyRuns(60),
  );
  await store.close();
  await fixture.remove();
  rmSync(folder, { recursive: true });
}, 120_000);
