import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forget } from '../../src/cache/forget.ts';
import {
  type StoreJournal,
  type WithJournalOptions,
  withJournal,
} from '../../src/store/journal/with-journal.ts';
import type { Store } from '../../src/store/store.ts';
import {
  activityOf,
  claimantOf,
  claimOf,
  fingerprintOf,
  lookupOf,
  photoOf,
  requestOf,
  resultOf,
  sha256Of,
  version,
} from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import { recordingLogger } from './recording-logger.ts';
import { unreliableStore } from './unreliable-store.ts';

let fixture: Awaited<ReturnType<typeof sqliteFixture>>;
let store: Store;
let unreliable: ReturnType<typeof unreliableStore>;
let folder: string;
let recorded: ReturnType<typeof recordingLogger>;
let lost: [string, number][];
const open: StoreJournal[] = [];

beforeEach(async () => {
  fixture = await sqliteFixture();
  store = fixture.open();
  await store.migrate();
  unreliable = unreliableStore(store);
  folder = mkdtempSync(join(tmpdir(), 'album-journal-'));
  recorded = recordingLogger();
  lost = [];
});
afterEach(async () => {
  for (const journal of open.splice(0)) await journal.close();
  await store.close();
  await fixture.remove();
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

function openJournal(options: Partial<WithJournalOptions> = {}): StoreJournal {
  const journal = withJournal(unreliable, {
    folder,
    maxBytes: 10_000_000,
    logger: recorded.logger,
    onLost: (...what) => lost.push(what),
    ...options,
  });
  open.push(journal);
  return journal;
}

const batch = claimantOf('batch');
const found = async (name: string, claimant?: string) =>
  (await store.findResults([lookupOf(name, claimant)]))[0];
const rows = async (table: string) => (await fixture.rows(`SELECT * FROM ${table}`)).length;

/** One of everything that is written for a photo. */
async function writeAll({ writes }: StoreJournal, name = 'a'): Promise<void> {
  const claimant = claimantOf('anna');
  await writes.saveResults([resultOf(name)]);
  await writes.saveClaims([claimOf('anna', `original of ${name}`, name)]);
  await writes.saveFingerprints([{ claimant, content: sha256Of(name), fingerprint: fingerprintOf(name) }]);
  await writes.countHits([{ sha256: sha256Of(name), version, count: 2, at: 9 }], batch);
  await writes.saveActivity(
    activityOf({ photos: [photoOf()], requests: [requestOf()] }),
    batch.toUpperCase().replace(/./, '0'),
  );
}

async function expectAllOnce(): Promise<void> {
  expect(await found('original of a', 'anna')).toMatchObject({ via: 'claim', category: 'pets' });
  expect((await fixture.rows('SELECT hits FROM results')).map(({ hits }) => hits)).toEqual([2]);
  expect([await rows('fingerprints'), await rows('photos'), await rows('requests')]).toEqual([1, 1, 1]);
  const users = await fixture.rows('SELECT photos, requests FROM day_users');
  expect(users.map((row) => ({ ...row }))).toEqual([{ photos: 1, requests: 1 }]);
}

test.each(['down', 'silent'] as const)(
  'what is written while the store is %s is there once, after it',
  async (fault) => {
    const journal = openJournal();
    unreliable.fail(fault);
    await writeAll(journal);
    expect(journal.items()).toEqual({ results: 1, claims: 1, fingerprints: 1, hits: 1, activity: 2 });
    expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toHaveLength(1);
    await journal.replay();
    expect(journal.items().results).toBe(1);
    unreliable.fail(undefined);
    await journal.replay();
    await expectAllOnce();
    expect(readdirSync(folder)).toEqual([]);
    expect(recorded.lines).toEqual([
      'warn writes wait in the journal until the store is back',
      'info what waited in the journal is written',
    ]);
  },
);

test('without an outage there is no file, and another error is the caller’s', async () => {
  const journal = openJournal();
  await writeAll(journal);
  await expect(journal.writes.saveResults([resultOf('bad', { confidence: 0 })])).rejects.toMatchObject({
    name: 'StatementError',
  });
  expect(readdirSync(folder)).toEqual([]);
});

describe('look-ups', () => {
  test('find results for everybody and claims for their claimant, the better result first', async () => {
    const journal = openJournal();
    unreliable.fail('down');
    await writeAll(journal);
    await journal.writes.saveResults([
      resultOf('a', { method: 'local', category: 'foods', createdAt: 9e12 }),
    ]);
    const find = (name: string, claimant?: string) => journal.find(lookupOf(name, claimant));
    expect(find('a')).toEqual({ ...resultOf('a'), via: 'verified' });
    expect(find('original of a', 'anna')).toEqual({ ...resultOf('a'), via: 'claim' });
    expect([find('original of a', 'bert'), find('original of a'), find('b')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a process that ends', () => {
  test('leaves its file to the next, which takes it over and answers from it', async () => {
    const first = openJournal();
    unreliable.fail('down');
    await writeAll(first);
    const second = openJournal();
    second.start();
    expect(second.items().results).toBe(0);
    await first.close();
    const third = openJournal();
    third.start();
    expect(third.find(lookupOf('a'))).toMatchObject({ category: 'pets' });
    await third.writes.saveResults([resultOf('b')]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toHaveLength(1);
    unreliable.fail(undefined);
    await third.replay();
    expect(await found('original of a', 'anna')).toBeDefined();
    expect(await found('b')).toBeDefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('writes what waits first where the store is up', async () => {
    const journal = openJournal();
    unreliable.fail('down');
    await writeAll(journal);
    unreliable.fail(undefined);
    await journal.close();
    await expectAllOnce();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('sets a file aside that is none', async () => {
    writeFileSync(join(folder, 'journal-0123456789abcdef.db'), 'no database'.repeat(1000));
    openJournal().start();
    expect(readdirSync(folder)).toEqual(['journal-0123456789abcdef.db.broken']);
    expect(recorded.lines).toEqual(['error a journal is unreadable and was set aside']);
  });
});

describe('room', () => {
  test('records go first when it is full, results last, and what goes is counted', async () => {
    const journal = openJournal({ maxBytes: 60_000 });
    unreliable.fail('down');
    for (let at = 0; at < 20; at += 1) {
      await journal.writes.saveActivity(
        activityOf({ photos: [photoOf({ at })] }),
        sha256Of(`${at}`).slice(0, 32),
      );
      await journal.writes.saveResults(Array.from({ length: 5 }, (_, index) => resultOf(`${at}/${index}`)));
    }
    expect(journal.items()).toMatchObject({ results: 100 });
    const dropped = lost.filter(([kind]) => kind === 'activity').reduce((sum, [, items]) => sum + items, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(dropped + journal.items().activity).toBe(20);
    expect(lost.some(([kind]) => kind === 'results')).toBe(false);
  });

  test('without a folder that can be written it is in memory, which is said once', async () => {
    writeFileSync(join(folder, 'file'), '');
    const journal = openJournal({ folder: join(folder, 'file') });
    unreliable.fail('down');
    await writeAll(journal);
    expect(journal.items().results).toBe(1);
    expect(recorded.lines.filter((line) => line.includes('cannot be written to disk'))).toHaveLength(1);
    unreliable.fail(undefined);
    await journal.replay();
    await expectAllOnce();
  });

  test('what waits in memory when the process ends is counted as lost', async () => {
    const journal = openJournal();
    const { folder: _, ...inMemory } = { folder };
    const memory = withJournal(unreliable, {
      ...inMemory,
      maxBytes: 1e6,
      logger: recorded.logger,
      onLost: (...what) => lost.push(what),
    });
    unreliable.fail('down');
    await memory.writes.saveResults([resultOf('a')]);
    await memory.close();
    await journal.close();
    expect(lost).toEqual([['results', 1]]);
  });
});

describe('what is written later', () => {
  test('is not what was forgotten meanwhile, of whichever process', async () => {
    const mine = openJournal();
    unreliable.fail('down');
    await mine.writes.saveResults(['a', 'b'].map((name) => resultOf(name)));
    await mine.writes.saveClaims([
      claimOf('anna', '1', 'b'),
      claimOf('bert', '1', 'b'),
      claimOf('bert', 'x', 'a'),
    ]);
    const [anna, bert] = ['anna', 'bert'].map((name) => ({ claimant: claimantOf(name), userId: name }));
    await mine.writes.saveActivity(
      activityOf({ photos: [photoOf(anna), photoOf(bert)], requests: [requestOf(anna), requestOf(bert)] }),
      batch,
    );
    // By another process, whose journal is its own.
    await forget(store, { claimants: [claimantOf('anna')] });
    await forget(store, { hash: sha256Of('a') });
    unreliable.fail(undefined);
    await mine.replay();
    expect([await found('a'), await found('1', 'anna')]).toEqual([undefined, undefined]);
    expect(await found('1', 'bert')).toMatchObject({ via: 'claim' });
    expect(await rows('album_claims')).toBe(1);
    expect([await rows('photos'), await rows('requests'), await rows('day_users')]).toEqual([1, 1, 1]);
    expect(await fixture.rows("SELECT MAX(n) AS n FROM tallies WHERE topic = 'upload'")).toMatchObject([
      { n: 2 },
    ]);
  });

  test('is nothing that this process was told to forget, and look-ups forget it at once', async () => {
    const journal = openJournal();
    unreliable.fail('down');
    await writeAll(journal);
    await forget(store, { claimants: [claimantOf('anna')] }, { erase: journal.erase });
    expect(journal.find(lookupOf('original of a', 'anna'))).toBeUndefined();
    expect(journal.items()).toMatchObject({ results: 1, claims: 0, fingerprints: 0 });
    await forget(store, { before: 9e12 }, { erase: journal.erase });
    expect(journal.items()).toMatchObject({ results: 0 });
  });

  test('never replaces what is newer in the store', async () => {
    const journal = openJournal();
    unreliable.fail('down');
    await journal.writes.saveResults([resultOf('a'), resultOf('b')]);
    await journal.writes.saveClaims([claimOf('anna', '1', 'a', 5)]);
    await store.saveResults([resultOf('a', { category: 'foods', createdAt: 1_790_000_000_000 })]);
    await store.saveClaims([claimOf('anna', '1', 'b', 6)]);
    unreliable.fail(undefined);
    await journal.replay();
    expect(await found('a')).toMatchObject({ category: 'foods' });
    expect(await found('1', 'anna')).toMatchObject({ sha256: sha256Of('b') });
  });

  test('is nothing that waited for more than 30 days', async () => {
    let now = 1_780_000_000_000;
    const journal = openJournal({ now: () => now, elapsedMs: () => now });
    unreliable.fail('down');
    await journal.writes.saveResults([resultOf('old')]);
    now += 20 * 86_400_000;
    await journal.writes.saveResults([resultOf('young')]);
    now += 11 * 86_400_000;
    unreliable.fail(undefined);
    await journal.replay();
    expect([await found('old'), (await found('young'))?.category]).toEqual([undefined, 'pets']);
    expect(lost).toEqual([['results', 1]]);
  });

  test('is all, where only the wall clock says that it waited for that long', async () => {
    let now = 1_780_000_000_000;
    const journal = openJournal({ now: () => now, elapsedMs: () => 0 });
    unreliable.fail('down');
    await journal.writes.saveResults([resultOf('young')]);
    now += 400 * 86_400_000;
    unreliable.fail(undefined);
    await journal.replay();
    expect((await found('young'))?.category).toBe('pets');
  });

  test('is all but the row that the store refuses', async () => {
    const journal = openJournal();
    unreliable.fail('down');
    const names = ['a', 'bad', 'b'];
    await journal.writes.saveResults(
      names.map((name) => resultOf(name, name === 'bad' ? { confidence: 0 } : {})),
    );
    unreliable.fail(undefined);
    await journal.replay();
    expect((await Promise.all(names.map((name) => found(name)))).map(Boolean)).toEqual([true, false, true]);
    expect(lost).toEqual([['results', 1]]);
  });
});
