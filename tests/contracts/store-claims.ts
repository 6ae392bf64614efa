import { describe, expect, test } from 'vitest';
import type { ClaimTrust } from '../../src/store/entities.ts';
import { claimantOf, claimOf, lookupOf, resultOf, sha256Of, version } from './rows.ts';
import type { StorePlace } from './store-place.ts';

/** Which claimants a claim answers. */
export function describeClaims(place: StorePlace): void {
  const feedback = {
    claimant: claimantOf('anna'),
    hash: sha256Of('original'),
    category: 'foods',
    answered: 'pets',
    model: 'vision-1',
    at: 5,
  };

  describe('claims', () => {
    test('a claimed hash leads its claimant alone to the result', async () => {
      await place.store.saveResults([resultOf('upload')]);
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      expect(await place.find('original', 'anna')).toEqual({ ...resultOf('upload'), via: 'claim' });
      expect(await place.find('original', 'bert')).toBeUndefined();
      expect(await place.find('original')).toBeUndefined();
    });

    test('a verified result comes before a claimed one', async () => {
      await place.store.saveResults([
        resultOf('x', { category: 'foods' }),
        resultOf('other', { category: 'idcard' }),
      ]);
      await place.store.saveClaims([claimOf('anna', 'x', 'other')]);
      expect(await place.find('x', 'anna')).toMatchObject({ category: 'foods', via: 'verified' });
    });

    test('the newest claim counts, in whichever order they are written', async () => {
      await place.store.saveResults([
        resultOf('new', { category: 'foods' }),
        resultOf('old', { category: 'idcard' }),
      ]);
      await place.store.saveClaims([claimOf('anna', 'x', 'new', 20)]);
      await place.store.saveClaims([claimOf('anna', 'x', 'old', 10)]);
      expect((await place.find('x', 'anna'))?.category).toBe('foods');
      await place.store.saveClaims([claimOf('anna', 'x', 'new', 30), claimOf('anna', 'x', 'old', 40)]);
      expect((await place.find('x', 'anna'))?.category).toBe('idcard');
    });

    test('a claim on content that has no result is a miss', async () => {
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      expect(await place.find('original', 'anna')).toBeUndefined();
    });

    test('claimants in one list do not see each other’s claims', async () => {
      await place.store.saveResults([
        resultOf('a', { category: 'pets' }),
        resultOf('b', { category: 'foods' }),
      ]);
      await place.store.saveClaims([claimOf('anna', 'x', 'a'), claimOf('bert', 'x', 'b')]);
      const found = await place.store.findResults([
        lookupOf('x', 'bert'),
        lookupOf('x', 'anna'),
        lookupOf('x', 'cleo'),
      ]);
      expect(found.map((result) => result?.category)).toEqual(['foods', 'pets', undefined]);
    });

    test('a claim is there before its result, and follows it when it changes, in every version', async () => {
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      await place.store.saveResults([resultOf('upload', { method: 'local', model: 'album9' })]);
      expect(await place.find('original', 'anna')).toMatchObject({ via: 'claim', model: 'album9' });
      await place.store.saveResults([
        resultOf('upload', { category: 'idcard' }),
        resultOf('upload', { category: 'foods', version: 'v2' }),
      ]);
      const found = await place.store.findResults(
        [version, 'v2'].map((one) => ({ ...lookupOf('original', 'anna'), version: one })),
      );
      expect(found.map((one) => one?.category)).toEqual(['idcard', 'foods']);
    });

    test('a list with look-ups of many claimants, and without one, costs a few statements', async () => {
      await place.store.saveResults([resultOf('upload'), resultOf('other')]);
      const people = Array.from({ length: 60 }, (_, index) => `person ${index}`);
      await place.store.saveClaims(people.map((person) => claimOf(person, `of ${person}`, 'upload')));
      place.statements = 0;
      const found = await place.store.findResults([
        ...people.map((person) => lookupOf(`of ${person}`, person)),
        lookupOf('of person 3', 'person 4'),
        lookupOf('of person 3'),
        lookupOf('other'),
      ]);
      expect(place.statements).toBeLessThanOrEqual(3);
      expect(found.map((one) => one?.via)).toEqual([
        ...people.map(() => 'claim'),
        undefined,
        undefined,
        'verified',
      ]);
    });
  });

  describe('where all are trusted', () => {
    async function foundByAll(name: string, claimant?: string) {
      const store = place.fixture.open({ trust: 'all' });
      const [found] = await store.findResults([lookupOf(name, claimant)]);
      await store.close();
      return found;
    }
    async function claimBy(claimant: string, at: number, category: string): Promise<void> {
      await place.store.saveResults([resultOf(`photo of ${claimant}`, { category })]);
      await place.store.saveClaims([claimOf(claimant, 'x', `photo of ${claimant}`, at)]);
    }

    test('the newest claim of all answers claimants without one, and no look-up without a claimant', async () => {
      await claimBy('bert', 2, 'idcard');
      await claimBy('anna', 1, 'pets');
      expect(await foundByAll('x', 'cleo')).toMatchObject({ via: 'other', category: 'idcard' });
      expect(await foundByAll('x')).toBeUndefined();
      expect(await place.find('x', 'cleo')).toBeUndefined();
    });

    test('an own claim comes first, and a verified result before both', async () => {
      await claimBy('anna', 1, 'pets');
      await claimBy('mallory', 2, 'idcard');
      expect(await foundByAll('x', 'anna')).toMatchObject({ via: 'claim', category: 'pets' });
      await place.store.saveResults([resultOf('x', { category: 'foods' })]);
      for (const name of ['anna', 'cleo'])
        expect(await foundByAll('x', name)).toMatchObject({ via: 'verified', category: 'foods' });
    });

    test('one statement reads one claim of each hash, however many there are', async () => {
      for (let at = 0; at < 30; at += 1) await claimBy(`person ${at}`, at, at === 29 ? 'foods' : 'pets');
      expect(await foundByAll('x', 'cleo')).toMatchObject({ category: 'foods' });
    });

    test('feedback is possible for claims of others, too', async () => {
      await claimBy('bert', 2, 'idcard');
      const given = { ...feedback, hash: sha256Of('x') };
      expect(await place.store.saveFeedback(given)).toBe(false);
      const store = place.fixture.open({ trust: 'all' });
      expect(await store.saveFeedback(given)).toBe(true);
      await store.close();
      expect(await foundByAll('x', 'anna')).toMatchObject({ corrected: 'foods' });
      expect(await foundByAll('x', 'bert')).not.toHaveProperty('corrected');
    });
  });

  describe('feedback', () => {
    const give = (changes: Partial<typeof feedback> = {}) =>
      place.store.saveFeedback({ ...feedback, ...changes });

    test('corrects the answer of its claimant alone, under both hashes', async () => {
      await place.store.saveResults([resultOf('upload')]);
      await place.store.saveClaims([
        claimOf('anna', 'original', 'upload'),
        claimOf('bert', 'original', 'upload'),
      ]);
      expect(await give()).toBe(true);
      for (const name of ['original', 'upload'])
        expect(await place.find(name, 'anna')).toMatchObject({ category: 'pets', corrected: 'foods' });
      for (const claimant of ['bert', undefined])
        expect(await place.find('upload', claimant)).not.toHaveProperty('corrected');
      expect(await place.find('original', 'bert')).not.toHaveProperty('corrected');
    });

    test('reaches every hash that stands for the photo, and claims that come later with it', async () => {
      await place.store.saveResults([resultOf('upload'), resultOf('other')]);
      await place.store.saveClaims([
        claimOf('anna', 'original', 'upload'),
        claimOf('anna', 'copy', 'upload'),
        claimOf('anna', 'unlike', 'other'),
        claimOf('bert', 'copy', 'upload'),
      ]);
      await give();
      await place.store.saveClaims([{ ...claimOf('anna', 'later copy', 'upload'), corrected: 'foods' }]);
      for (const name of ['original', 'copy', 'later copy'])
        expect(await place.find(name, 'anna')).toMatchObject({ corrected: 'foods' });
      expect(await place.find('unlike', 'anna')).not.toHaveProperty('corrected');
      expect(await place.find('copy', 'bert')).not.toHaveProperty('corrected');
    });

    test('comes before a verified result of the same hash, whichever photo it was given for', async () => {
      await place.store.saveResults([resultOf('upload')]);
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      await give();
      await place.store.saveResults([resultOf('original', { category: 'idcard' })]);
      expect(await place.find('original', 'anna')).toMatchObject({ via: 'claim', corrected: 'foods' });
      const inNextVersion = { ...lookupOf('original', 'anna'), version: 'v2' };
      expect(await place.store.findResults([inNextVersion])).toEqual([undefined]);
      await place.store.saveResults([resultOf('original', { version: 'v2' })]);
      expect(await place.store.findResults([inNextVersion])).toMatchObject([{ corrected: 'foods' }]);
    });

    test('is listed, the newest for a photo alone, and outlives a new claim', async () => {
      await place.store.saveResults([resultOf('upload'), resultOf('later')]);
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      await give({ category: 'idcard' });
      await give({ at: 6 });
      expect(await place.store.newestFeedback(10)).toEqual([{ ...feedback, at: 6 }]);
      expect(await place.store.correctors(10)).toEqual([claimantOf('anna')]);
      await place.store.saveClaims([claimOf('anna', 'original', 'later', 9)]);
      expect(await place.find('original', 'anna')).toMatchObject({
        sha256: sha256Of('later'),
        corrected: 'foods',
      });
    });

    test('needs a claim on the hash, or the hash of a result', async () => {
      await place.store.saveResults([resultOf('upload', { version: 'old' })]);
      await place.store.saveClaims([claimOf('bert', 'original', 'upload')]);
      expect(await give()).toBe(false);
      expect(await give({ hash: sha256Of('nothing') })).toBe(false);
      expect(await place.store.newestFeedback(10)).toEqual([]);
      expect(await place.store.correctors(10)).toEqual([]);
      expect(await place.fixture.rows('SELECT claimant FROM album_claims')).toHaveLength(1);
      expect(await give({ hash: sha256Of('upload') })).toBe(true);
      expect(await give({ claimant: claimantOf('bert') })).toBe(true);
    });
  });

  test('the default trust is in own claims', async () => {
    const trusts: (ClaimTrust | undefined)[] = [undefined, 'own'];
    await place.store.saveResults([resultOf('upload')]);
    await place.store.saveClaims([claimOf('anna', 'x', 'upload')]);
    for (const trust of trusts) {
      const store = place.fixture.open(trust && { trust });
      expect(await store.findResults([lookupOf('x', 'bert')])).toEqual([undefined]);
      await store.close();
    }
  });
}
