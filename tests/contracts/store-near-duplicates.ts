import { describe, expect, test } from 'vitest';
import { claimantOf, fingerprintOf, resultOf, sha256Of, version } from './rows.ts';
import type { StorePlace } from './store-place.ts';

/** Photos of a claimant that may look the same. */
export function describeNearDuplicates(place: StorePlace): void {
  const fingerprint = fingerprintOf('beach', 0b1010);
  async function store(claimant: string, photo: string, more: { bits?: number; version?: string } = {}) {
    const { bits = fingerprint.bits, ...changes } = more;
    await place.store.saveResults([resultOf(photo, changes)]);
    const saved = { ...fingerprint, bits };
    await place.store.saveFingerprints([
      { claimant: claimantOf(claimant), content: sha256Of(photo), fingerprint: saved },
    ]);
  }
  const find = (claimant: string, bits: readonly number[] = [fingerprint.bits]) =>
    place.store.findNearDuplicates(claimantOf(claimant), bits, version);

  describe('near duplicates', () => {
    test('come with their results and what they look like, by a few statements', async () => {
      await store('anna', 'beach');
      await store('anna', 'sea', { bits: 7 });
      await store('anna', 'mountain', { bits: 8 });
      place.statements = 0;
      const found = await find('anna', [fingerprint.bits, 7, 9]);
      expect(place.statements).toBeLessThanOrEqual(2);
      expect(found.map(({ result }) => result.sha256).sort()).toEqual(['beach', 'sea'].map(sha256Of).sort());
      const [beach] = found.filter(({ result }) => result.sha256 === sha256Of('beach'));
      expect(beach?.result).toEqual(resultOf('beach'));
      expect(beach?.picture.aspect).toBe(fingerprint.aspect);
      expect([...(beach?.picture.brightness ?? [])]).toEqual([...fingerprint.brightness]);
      expect([...(beach?.picture.colours ?? [])]).toEqual([...fingerprint.colours]);
    });

    test('are the claimant’s own', async () => {
      await store('anna', 'beach');
      expect(await find('bert')).toEqual([]);
      expect(await find('anna')).toHaveLength(1);
    });

    test('have a result of the version asked for', async () => {
      await store('anna', 'beach', { version: 'old' });
      expect(await find('anna')).toEqual([]);
    });

    test('are saved once, however often, also within one list', async () => {
      const row = { claimant: claimantOf('anna'), content: sha256Of('beach'), fingerprint };
      await store('anna', 'beach');
      await place.store.saveFingerprints([row, row]);
      await place.store.saveFingerprints([]);
      expect(await find('anna')).toHaveLength(1);
    });

    test('are bounded where thousands share their bits', async () => {
      const photos = Array.from({ length: 230 }, (_, index) => `screenshot ${index}`);
      await place.store.saveResults(photos.map((photo) => resultOf(photo)));
      await place.store.saveFingerprints(
        photos.map((photo) => ({
          claimant: claimantOf('anna'),
          content: sha256Of(photo),
          fingerprint,
          at: 5,
        })),
      );
      expect(await find('anna')).toHaveLength(200);
    });

    test.each([
      ['too many bits', { bits: 2 ** 20 }],
      ['no aspect', { aspect: 0 }],
      ['too few cells', { brightness: new Uint8Array(783) }],
      ['too many colours', { colours: new Uint8Array(49) }],
    ])('with %s are refused as the row’s fault', async (_, fault) => {
      const row = { claimant: claimantOf('anna'), content: sha256Of('beach') };
      const saved = place.store.saveFingerprints([{ ...row, fingerprint: { ...fingerprint, ...fault } }]);
      await expect(saved).rejects.toMatchObject({ name: 'StatementError' });
    });
  });
}
