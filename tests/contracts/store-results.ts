import { describe, expect, test } from 'vitest';
import { lookupOf, resultOf, sha256Of, version } from './rows.ts';
import type { StorePlace } from './store-place.ts';

/** Results. */
export function describeResults(place: StorePlace): void {
  describe('results', () => {
    test('a result is found as it was saved, by another process as well', async () => {
      const saved = resultOf('a', { description: '一只猫 🐈', scores: { pets: 0.93, foods: 0.07 } });
      await place.store.saveResults([saved]);
      const other = place.fixture.open();
      expect(await other.findResults([lookupOf('a')])).toEqual([{ ...saved, via: 'verified' }]);
      await other.close();
      expect(place.store.kind).toBe(place.kind);
    });

    test('a colour is stored with its result, and with one that had none', async () => {
      await place.store.saveResults([resultOf('a'), resultOf('b', { colour: 'blue' })]);
      expect(await place.find('a')).not.toHaveProperty('colour');
      expect((await place.find('b'))?.colour).toBe('blue');
      await place.store.saveResults([resultOf('a', { colour: 'orange' })]);
      expect(await place.find('a')).toEqual({ ...resultOf('a', { colour: 'orange' }), via: 'verified' });
    });

    test('tags are stored with their result, and go when an answer without any replaces it', async () => {
      const tagged = resultOf('a', { tags: ['猫', "cat's bed"] });
      await place.store.saveResults([tagged]);
      expect(await place.find('a')).toEqual({ ...tagged, via: 'verified' });
      await place.store.saveResults([resultOf('a')]);
      expect(await place.find('a')).not.toHaveProperty('tags');
    });

    test('a list is answered in its order by a few statements, misses and repetitions included', async () => {
      await place.store.saveResults([
        resultOf('a', { category: 'pets' }),
        resultOf('b', { category: 'foods' }),
      ]);
      place.statements = 0;
      const found = await place.store.findResults(
        ['b', 'unknown', 'a', 'b'].map((name) => lookupOf(name, 'anna')),
      );
      expect(found.map((result) => result?.category)).toEqual(['foods', undefined, 'pets', 'foods']);
      expect(place.statements).toBeLessThanOrEqual(3);
    });

    test('an empty list costs no statement', async () => {
      expect(await place.store.findResults([])).toEqual([]);
      await Promise.all([place.store.saveResults([]), place.store.saveClaims([]), place.store.countHits([])]);
      expect(place.statements).toBe(0);
    });

    test('a hash is found in capital letters too', async () => {
      await place.store.saveResults([resultOf('a')]);
      const [found] = await place.store.findResults([{ hash: sha256Of('a').toUpperCase(), version }]);
      expect(found?.sha256).toBe(sha256Of('a'));
    });

    test('each version has its own result, however long and whatever its letters', async () => {
      const versions = ['v1', 'v2', 'x'.repeat(100), `${'x'.repeat(100)}y`, '分类'];
      await place.store.saveResults(
        versions.map((version, index) => resultOf('a', { version, model: `m${index}` })),
      );
      const found = await place.store.findResults(
        versions.map((version) => ({ hash: sha256Of('a'), version })),
      );
      expect(found.map((result) => [result?.version, result?.model])).toEqual(
        versions.map((version, index) => [version, `m${index}`]),
      );
    });

    test('a local answer never replaces that of an LLM', async () => {
      await place.store.saveResults([resultOf('a', { category: 'pets' })]);
      await place.store.saveResults([resultOf('a', { category: 'foods', method: 'local', model: 'album9' })]);
      expect(await place.find('a')).toEqual({ ...resultOf('a', { category: 'pets' }), via: 'verified' });
    });

    test('an answer of an LLM replaces all of a local one, and a later one of its own kind', async () => {
      const local = { method: 'local', model: 'album9', scores: { pets: 1 } } as const;
      const final = resultOf('a', {
        category: 'idcard',
        confidence: 1,
        model: 'vision-2',
        description: 'A passport.',
        createdAt: 1_780_000_000_005,
      });
      await place.store.saveResults([resultOf('a', { ...local, category: 'foods' })]);
      await place.store.saveResults([
        resultOf('a', { ...local, category: 'other', createdAt: 1_780_000_000_002 }),
      ]);
      expect(await place.find('a')).toMatchObject({ category: 'other', createdAt: 1_780_000_000_002 });
      await place.store.saveResults([resultOf('a', { category: 'pets' })]);
      await place.store.saveResults([final]);
      expect(await place.find('a')).toEqual({ ...final, via: 'verified' });
    });

    test.each(['llm', 'local'] as const)(
      'an older answer of the same kind (%s) changes nothing',
      async (method) => {
        const newer = resultOf('a', { method, category: 'foods', createdAt: 1_780_000_000_005 });
        await place.store.saveResults([newer]);
        await place.store.saveResults([resultOf('a', { method, category: 'pets' })]);
        expect(await place.find('a')).toEqual({ ...newer, via: 'verified' });
      },
    );

    test('within one list the LLM wins wherever it stands, and one row is kept', async () => {
      const llm = resultOf('a', { category: 'pets' });
      const local = resultOf('a', { category: 'foods', method: 'local' });
      await place.store.saveResults([local, llm, local]);
      expect((await place.find('a'))?.category).toBe('pets');
      expect(await place.fixture.rows('SELECT sha256 FROM results')).toHaveLength(1);
    });

    test.each([
      ['a confidence of 0', { confidence: 0 }],
      ['a confidence above 1', { confidence: 1.01 }],
      ['no category', { category: '' }],
      ['a category longer than any key', { category: 'x'.repeat(33) }],
      ['an unknown method', { method: 'guess' as 'llm' }],
      ['a hash that is none', { sha256: 'abc' }],
    ])('%s is refused as the row’s fault, and nothing of its list is written', async (_, fault) => {
      const saved = place.store.saveResults([resultOf('good'), resultOf('bad', fault)]);
      await expect(saved).rejects.toMatchObject({ name: 'StatementError' });
      expect(await place.fixture.rows('SELECT sha256 FROM results')).toEqual([]);
    });

    test('texts longer than their columns are cut at whole letters', async () => {
      await place.store.saveResults([
        resultOf('a', { description: '🐈'.repeat(5000), model: 'm\0'.repeat(500) }),
      ]);
      const found = await place.find('a');
      expect(found?.description).toBe('🐈'.repeat(1000));
      expect(found?.model).toBe('m'.repeat(128));
    });

    test('quotes, backslashes and broken surrogates are stored, not executed', async () => {
      const description = `'); DROP TABLE results; -- \\' \\ " ? ${'\ud800'}`;
      await place.store.saveResults([resultOf('a', { description })]);
      expect((await place.find('a'))?.description).toBe(description.toWellFormed());
    });
  });
}
