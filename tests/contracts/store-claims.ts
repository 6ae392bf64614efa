import { describe, expect, test } from 'vitest';
import type { Claim } from '../../src/store/store.ts';
import { claimOf, lookOf, lookupOf, resultOf, sha256Of } from '../store/rows.ts';
import type { StorePlace } from './store-place.ts';

const photo = 'a beach';

/** When a claimed hash is everybody's. */
export function describeClaimSharing(place: StorePlace): void {
  /** Files a claim on `x`, for an encoding of its own with that look. */
  async function claim(
    claimant: string,
    {
      at = 1,
      turned = [] as number[],
      picture = photo,
      category = 'travel_scenery',
      ...changes
    }: Options = {},
  ): Promise<void> {
    const content = `${picture} by ${claimant}`;
    await place.store.saveResults([resultOf(content, { category })]);
    await place.store.saveLooks([{ sha256: sha256Of(content), look: lookOf(picture, turned) }]);
    await place.store.saveClaims([claimOf(claimant, 'x', content, at, { category, ...changes })]);
  }
  type Options = Partial<Claim> & { turned?: number[]; picture?: string };

  async function found(sharing?: { witnesses: number } | 'anybody', claimant = 'stranger') {
    const store = place.fixture.open({ ...(sharing && { sharing }) });
    const [result] = await store.findResults([lookupOf('x', claimant)]);
    await store.close();
    return result;
  }
  const two = { witnesses: 2 };

  describe('a claimed hash', () => {
    test('is everybody’s once two independent claimants agree, by one statement a list', async () => {
      await claim('anna');
      expect(await found(two)).toBeUndefined();
      await claim('bert', { at: 2, turned: [3, 40] });
      expect(await found(two)).toMatchObject({
        via: 'shared',
        category: 'travel_scenery',
        sha256: sha256Of(`${photo} by bert`),
      });
      expect(await found()).toBeUndefined();
      expect(await found({ witnesses: 3 })).toBeUndefined();
    });

    test('is not for those who ask without being anybody: uploads go by their own bytes', async () => {
      await claim('anna');
      await claim('bert');
      const store = place.fixture.open({ sharing: two });
      const found = await store.findResults([lookupOf('x'), lookupOf('x', 'cleo')]);
      expect(found.map((one) => one?.via)).toEqual([undefined, 'shared']);
      await store.close();
    });

    test('needs another network, not only another user', async () => {
      await claim('anna', { network: '192.0.2.0/24' });
      await claim('bert', { network: '192.0.2.0/24' });
      expect(await found(two)).toBeUndefined();
      await claim('cleo', { network: '198.51.100.0/24' });
      expect(await found(two)).toMatchObject({ via: 'shared' });
    });

    test('needs another user, not only another network', async () => {
      await claim('anna', { network: '192.0.2.0/24', at: 1 });
      await claim('anna', { network: '198.51.100.0/24', at: 2 });
      expect(await found(two)).toBeUndefined();
    });

    test('needs the same answer: a picture made to look like another changes nothing', async () => {
      await claim('anna');
      await claim('mallory', { category: 'idcard' });
      expect(await found(two)).toBeUndefined();
      await claim('bert');
      expect(await found(two)).toMatchObject({ category: 'travel_scenery' });
    });

    test('is never shared while pictures under it look different, whatever agrees', async () => {
      await claim('anna');
      await claim('bert');
      await claim('mallory', { picture: 'something else' });
      expect(await found(two)).toBeUndefined();
      expect(await found(two, 'anna')).toMatchObject({ via: 'claim' });
      const [verdict] = await place.fixture.rows('SELECT conflicts FROM claim_verdicts');
      expect(Number(verdict?.conflicts)).toBe(1);
      await claim('mallory', { at: 2 });
      expect(await found(two)).toMatchObject({ via: 'shared' });
    });

    test('is not shared on the word of claims whose pictures nobody knows, nor of those without a network', async () => {
      for (const name of ['anna', 'bert']) {
        await place.store.saveResults([resultOf(name)]);
        await place.store.saveClaims([claimOf(name, 'x', name)]);
      }
      expect(await found(two)).toBeUndefined();
      await claim('cleo', { network: '' });
      await claim('dora', { network: '' });
      expect(await found(two)).toBeUndefined();
    });

    test('is shared where both sent the same bytes, known look or not', async () => {
      await place.store.saveResults([resultOf('upload')]);
      await place.store.saveClaims([claimOf('anna', 'x', 'upload'), claimOf('bert', 'x', 'upload')]);
      expect(await found(two)).toMatchObject({ via: 'shared', sha256: sha256Of('upload') });
    });

    test('is not served once the photo means something else than the witnesses were told', async () => {
      await claim('anna');
      await claim('bert', { at: 2 });
      await place.store.saveResults([resultOf(`${photo} by bert`, { category: 'foods' })]);
      expect(await found(two)).toBeUndefined();
    });

    test('is what the newest claim says where everybody is believed', async () => {
      await claim('anna', { at: 1 });
      await claim('mallory', { at: 2, picture: 'something else', category: 'idcard' });
      expect(await found('anybody')).toMatchObject({ via: 'shared', category: 'idcard' });
    });

    test('is settled rightly when claims come from several processes at once', async () => {
      const names = Array.from({ length: 12 }, (_, index) => `user ${index}`);
      const stores = [place.store, place.fixture.open(), place.fixture.open()];
      await place.store.saveResults(names.map((name) => resultOf(name)));
      await place.store.saveLooks(names.map((name) => ({ sha256: sha256Of(name), look: lookOf(photo) })));
      await Promise.all(
        names.map((name, index) => stores[index % 3]?.saveClaims([claimOf(name, 'x', name, index)])),
      );
      await Promise.all(stores.slice(1).map((store) => store.close()));
      expect(await place.fixture.rows('SELECT witnesses, conflicts FROM claim_verdicts')).toEqual([
        { witnesses: 12, conflicts: 0 },
      ]);
    });
  });

  describe('looks', () => {
    test('are refused where they are none', async () => {
      const bad = { sha256: sha256Of('a'), look: { ...lookOf('a'), hash: 'xyz' } };
      await expect(place.store.saveLooks([bad])).rejects.toMatchObject({ name: 'StatementError' });
    });

    test('stay as they are when a content comes again', async () => {
      const look = { sha256: sha256Of('a'), look: lookOf('a') };
      await place.store.saveLooks([look, look]);
      await place.store.saveLooks([look]);
      expect(await place.fixture.rows('SELECT sha256 FROM looks')).toHaveLength(1);
    });
  });
}
