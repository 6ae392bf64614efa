import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deletion } from '../../src/store/deletions.ts';
import type { Store } from '../../src/store/store.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { expectTrueAnswers } from '../contracts/true-answers.ts';
import { describeWithMysql } from '../support/mysql.ts';
import { mysqlFixture } from './mysql-place.ts';
import { claimantOf, claimOf, lookOf, resultOf, sha256Of } from './rows.ts';
import { sqliteFixture } from './sqlite-place.ts';

/** A few of everything, so that what is done at random meets. Some names are both photos and claimed hashes. */
const contents = ['beach', 'beach again', 'soup', 'x'];
const hashes = ['x', 'y', 'soup'];
const claimants = ['anna', 'bert', 'cleo'];
const versions = ['v1', 'v2'];
const categories = ['pets', 'foods'];

type Step = (store: Store) => Promise<unknown>;

const content = fc.constantFrom(...contents);
const hash = fc.constantFrom(...hashes);
const claimant = fc.constantFrom(...claimants);
const category = fc.constantFrom(...categories);
const version = fc.constantFrom(...versions);
const at = fc.nat(20);

const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 3 });

const saveResults = some(
  fc
    .tuple(content, version, category, fc.constantFrom('llm', 'local'), at)
    .map(([name, version, category, method, createdAt]) =>
      resultOf(name, { version, category, method: method as 'llm', createdAt }),
    ),
).map(
  (results): Step =>
    (store) =>
      store.saveResults(results),
);

const saveClaims = some(
  fc
    .tuple(claimant, hash, content, at, category)
    .map(([claimant, hash, content, at, category]) => claimOf(claimant, hash, content, at, { category })),
).map(
  (claims): Step =>
    (store) =>
      store.saveClaims(claims),
);

const saveFeedback = fc.tuple(claimant, hash, fc.option(content, { nil: undefined }), category, at).map(
  ([name, hash, content, category, at]): Step =>
    (store) =>
      store.saveFeedback({
        claimant: claimantOf(name),
        hash: sha256Of(hash),
        ...(content && { content: sha256Of(content) }),
        category,
        network: '',
        at,
      }),
);

const deletion: fc.Arbitrary<Deletion> = fc.oneof(
  content.map((name) => ({ of: 'results' as const, hash: sha256Of(name) })),
  version.map((version) => ({ of: 'results' as const, version })),
  at.map((before) => ({ of: 'results' as const, before })),
  claimant.map((name) => ({ of: 'claims' as const, claimant: claimantOf(name) })),
  hash.map((name) => ({ of: 'claims' as const, hash: sha256Of(name) })),
  content.map((name) => ({ of: 'claims' as const, content: sha256Of(name) })),
);
const deleteSome = fc.tuple(deletion, fc.constantFrom(1, 2, 100)).map(
  ([deletion, limit]): Step =>
    (store) =>
      store.deleteSome(deletion, limit),
);

const step = fc.oneof(
  { weight: 3, arbitrary: saveResults },
  { weight: 4, arbitrary: saveClaims },
  { weight: 1, arbitrary: saveFeedback },
  { weight: 2, arbitrary: deleteSome },
);
/** Steps of a group are at work at once; groups follow each other. */
const story = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });

async function expectTrueStories(prepare: () => Promise<StoreFixture>, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(story, async (groups) => {
      const fixture = await prepare();
      const stores = [fixture.open(), fixture.open()];
      await stores[0]?.migrate();
      await stores[0]?.saveLooks(
        contents.map((name) => ({ sha256: sha256Of(name), look: lookOf(name.slice(0, 5)) })),
      );
      try {
        for (const group of groups) {
          const done = group.map((step, index) => step(stores[index % 2] as Store));
          expect((await Promise.allSettled(done)).filter(({ status }) => status === 'rejected')).toEqual([]);
          await expectTrueAnswers(fixture);
        }
      } finally {
        await Promise.all(stores.map((store) => store.close()));
        await fixture.remove();
      }
    }),
    { numRuns },
  );
}

const name = 'what look-ups read is what results, claims and verdicts say, whatever is done at once';

describe('on SQLite', () => {
  test(name, () => expectTrueStories(sqliteFixture, 60), 60_000);
});

describeWithMysql('on MySQL', (server) => {
  test(name, () => expectTrueStories(() => mysqlFixture(server), 25), 120_000);
});
