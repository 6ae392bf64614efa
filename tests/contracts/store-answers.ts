import { describe, expect, test, vi } from 'vitest';
import { claimantOf, claimOf, lookOf, lookupOf, resultOf, sha256Of, version } from '../store/rows.ts';
import type { StorePlace } from './store-place.ts';
import { expectTrueAnswers } from './true-answers.ts';

/** What look-ups read, made from results and claims when these change. Every test of a store ends with a check of it. */
export function describeAnswers(place: StorePlace): void {
  const answers = async () => (await place.fixture.rows('SELECT 1 FROM answers')).length;

  /** Claims of as many people on one content, each on a hash of its own. */
  async function claimedBy(count: number, content: string): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => `person ${index}`);
    for (let at = 0; at < count; at += 100)
      await place.store.saveClaims(
        names.slice(at, at + 100).map((name) => claimOf(name, `${content} of ${name}`, content)),
      );
  }

  describe('an answer', () => {
    test('follows a claim that was there before the result', async () => {
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      await place.store.saveResults([resultOf('upload')]);
      expect(await place.find('original', 'anna')).toMatchObject({ via: 'claim', category: 'pets' });
    });

    test('follows a result that changes, and one of a new version', async () => {
      await place.store.saveResults([resultOf('upload', { method: 'local' })]);
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      await place.store.saveResults([resultOf('upload', { category: 'foods', version: 'v2' })]);
      await place.store.saveResults([resultOf('upload', { category: 'idcard' })]);
      const found = await place.store.findResults(
        [version, 'v2'].map((one) => ({ ...lookupOf('original', 'anna'), version: one })),
      );
      expect(found.map((one) => one?.category)).toEqual(['idcard', 'foods']);
    });

    test('of the content claimed before is gone in all versions', async () => {
      await place.store.saveResults([resultOf('old'), resultOf('old', { version: 'v2' }), resultOf('new')]);
      await place.store.saveClaims([claimOf('anna', 'original', 'old', 1)]);
      await place.store.saveClaims([claimOf('anna', 'original', 'new', 2)]);
      expect(await place.find('original', 'anna')).toMatchObject({ sha256: sha256Of('new') });
      const inOldVersion = { ...lookupOf('original', 'anna'), version: 'v2' };
      expect(await place.store.findResults([inOldVersion])).toEqual([undefined]);
    });

    test('that is shared comes back when the result says again what witnesses were told', async () => {
      await place.store.saveResults([resultOf('upload')]);
      await place.store.saveClaims([claimOf('anna', 'x', 'upload'), claimOf('bert', 'x', 'upload')]);
      const store = place.fixture.open({ sharing: { witnesses: 2 } });
      const via = async () => (await store.findResults([lookupOf('x', 'cleo')]))[0]?.via;
      expect(await via()).toBe('shared');
      await place.store.saveResults([resultOf('upload', { category: 'foods' })]);
      expect(await via()).toBeUndefined();
      await place.store.saveResults([resultOf('upload')]);
      expect(await via()).toBe('shared');
      await store.close();
    });

    test('that a claimant corrected needs no result under the hash itself', async () => {
      await place.store.saveResults([resultOf('upload')]);
      await place.store.saveClaims([claimOf('anna', 'original', 'upload')]);
      await place.store.saveFeedback({
        claimant: claimantOf('anna'),
        hash: sha256Of('original'),
        category: 'foods',
        network: '',
        at: 2,
      });
      expect(await place.find('original', 'anna')).toMatchObject({ category: 'pets', corrected: 'foods' });
    });

    test('is there for every claim, however many there are on one content', async () => {
      await claimedBy(430, 'upload');
      await place.store.saveResults([resultOf('upload')]);
      await vi.waitFor(() => expectTrueAnswers(place.fixture), { timeout: 10_000, interval: 50 });
      await place.store.saveResults([resultOf('upload', { category: 'foods' })]);
      await vi.waitFor(() => expectTrueAnswers(place.fixture), { timeout: 10_000, interval: 50 });
      expect(await answers()).toBe(431);
    });

    test('goes with its result, however many there are, and only the result is counted', async () => {
      await place.store.saveResults([resultOf('upload'), resultOf('other')]);
      await claimedBy(620, 'upload');
      await place.store.saveLooks([{ sha256: sha256Of('upload'), look: lookOf('upload') }]);
      expect(await place.store.deleteSome({ of: 'results', hash: sha256Of('upload') }, 100)).toBe(1);
      expect(await answers()).toBe(1);
      expect(await place.find('upload of person 7', 'person 7')).toBeUndefined();
    });
  });
}
