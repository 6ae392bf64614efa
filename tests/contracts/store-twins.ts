import { describe, expect, test } from 'vitest';
import { lookOf, resultOf, sha256Of, version } from '../store/rows.ts';
import type { StorePlace } from './store-place.ts';

/** The same picture in another encoding. */
export function describeTwins(place: StorePlace): void {
  async function store(name: string, look: ReturnType<typeof lookOf>, changes = {}): Promise<void> {
    await place.store.saveResults([resultOf(name, changes)]);
    await place.store.saveLooks([{ sha256: sha256Of(name), look }]);
  }
  const twinsOf = (turned: readonly number[], doubtful: readonly number[] = turned, picture = 'beach') =>
    place.store.findTwins({ ...lookOf(picture, turned), doubtful }, version);

  describe('twins', () => {
    test('are found by one statement, the nearest first, however their bits lie', async () => {
      await store('near', lookOf('beach', [5]));
      await store('nearer', lookOf('beach'), { category: 'foods', description: '海滩' });
      await store('other', lookOf('mountain'));
      place.statements = 0;
      const twins = await twinsOf([]);
      expect(place.statements).toBe(1);
      expect(twins.map(({ sha256 }) => sha256)).toEqual([sha256Of('nearer'), sha256Of('near')]);
      expect(twins[0]).toEqual(resultOf('nearer', { category: 'foods', description: '海滩' }));
    });

    test.each([
      ['one bit of each band, which it doubts', [3, 30, 60]],
      ['two bits of each band, which it doubts', [3, 17, 25, 40, 50, 63]],
      ['the first and the last bit', [0, 63]],
      ['many bits of two bands', [1, 4, 9, 12, 44, 47, 52, 58]],
    ])('are found where they differ in %s', async (_, turned) => {
      await store('a', lookOf('beach'));
      expect(await twinsOf(turned)).toHaveLength(1);
    });

    test('are none where they differ in more bits, in colours or in shape', async () => {
      await store('a', lookOf('beach'));
      expect(await twinsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])).toEqual([]);
      const look = { ...lookOf('beach'), doubtful: [] };
      const grey = { ...look, colours: '80'.repeat(48) };
      expect(await place.store.findTwins(grey, version)).toEqual([]);
      expect(await place.store.findTwins({ ...look, aspect: 750 }, version)).toEqual([]);
      expect(await place.store.findTwins(look, version)).toHaveLength(1);
    });

    test('have a result of the version asked for', async () => {
      await store('a', lookOf('beach'), { version: 'old' });
      expect(await twinsOf([])).toEqual([]);
    });
  });
}
