import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import { claimantOf, claimOf, resultOf, sha256Of } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { describeWithMysql } from '../support/mysql.ts';
import { propertyRuns } from '../support/property-runs.ts';

/** A few of everything, so that what is done at random meets. Some names are both photos and claimed hashes. */
const contents = ['beach', 'soup', 'x'];
const hashes = ['x', 'y', 'soup'];
const claimants = ['anna', 'bert', 'mallory'];
const versions = ['v1', 'v2'];
const categories = ['pets', 'foods', 'idcard'];

/** The expected behaviour of a store. */
function openModel() {
  const results = new Map<string, { content: string; version: string; category: string; at: number }>();
  const claims = new Map<string, { who: string; hash: string; content: string; at: number; said?: string }>();
  const isKnown = (content: string) => [...results.values()].some((result) => result.content === content);

  return {
    save(content: string, version: string, category: string, at: number): void {
      const last = results.get(`${content}/${version}`);
      if (!last || at >= last.at) results.set(`${content}/${version}`, { content, version, category, at });
    },
    claim(who: string, hash: string, content: string, at: number): void {
      const last = claims.get(`${who}/${hash}`);
      if (!last || at >= last.at) claims.set(`${who}/${hash}`, { ...last, who, hash, content, at });
    },
    correct(who: string, hash: string, said: string, at: number): boolean {
      const content = claims.get(`${who}/${hash}`)?.content ?? (isKnown(hash) ? hash : undefined);
      if (content === undefined) return false;
      for (const one of [hash, content])
        claims.set(`${who}/${one}`, { who, hash: one, content, at, ...claims.get(`${who}/${one}`), said });
      for (const one of claims.values()) if (one.who === who && one.content === content) one.said = said;
      return true;
    },
    dropResults(isChosen: (result: { content: string; version: string; at: number }) => boolean): void {
      const chosen = [...results].filter(([, result]) => isChosen(result));
      for (const [key] of chosen) results.delete(key);
      for (const [, { content }] of chosen)
        if (!isKnown(content))
          for (const [key, claim] of claims) if (claim.content === content) claims.delete(key);
    },
    dropClaims(isChosen: (claim: { who: string; hash: string; content: string }) => boolean): void {
      for (const [key, claim] of claims) if (isChosen(claim)) claims.delete(key);
    },
    /** The correction, then the verified result, then the own claim, and nothing of other claimants. */
    find(who: string | undefined, hash: string, version: string): string | undefined {
      const claim = who === undefined ? undefined : claims.get(`${who}/${hash}`);
      const verified = results.get(`${hash}/${version}`);
      const own = claim && results.get(`${claim.content}/${version}`);
      const found = claim?.said === undefined ? (verified ?? own) : (own ?? verified);
      return found && `${found.category}${claim?.said === undefined ? '' : ` corrected to ${claim.said}`}`;
    },
    counts: () => ({ results: results.size, claims: claims.size }),
  };
}

type Model = ReturnType<typeof openModel>;
type Step = (store: Store, model: Model) => Promise<unknown>;

const content = fc.constantFrom(...contents);
const hash = fc.constantFrom(...hashes);
const claimant = fc.constantFrom(...claimants);
const category = fc.constantFrom(...categories);
const version = fc.constantFrom(...versions);
const at = fc.nat(20);

const save = fc.tuple(content, version, category, at).map(([name, version, category, at]): Step => {
  return (store, model) => {
    model.save(name, version, category, at);
    return store.saveResults([resultOf(name, { version, category, createdAt: at })]);
  };
});
const claim = fc
  .array(fc.tuple(claimant, hash, content, at), { minLength: 1, maxLength: 3 })
  .map((claims): Step => {
    return (store, model) => {
      for (const one of claims) model.claim(...one);
      return store.saveClaims(claims.map((one) => claimOf(...one)));
    };
  });
const correct = fc
  .tuple(claimant, fc.oneof(hash, content), category, at)
  .map(([who, name, category, at]): Step => {
    return async (store, model) => {
      const isSaved = model.correct(who, name, category, at);
      const feedback = { claimant: claimantOf(who), hash: sha256Of(name), category, at };
      expect(await store.saveFeedback(feedback)).toBe(isSaved);
    };
  });
const dropResults = fc.oneof(
  content.map(
    (name): Step =>
      (store, model) => {
        model.dropResults((result) => result.content === name);
        return store.maintenance.deleteSome({ of: 'results', hash: sha256Of(name) }, 100);
      },
  ),
  version.map(
    (name): Step =>
      (store, model) => {
        model.dropResults((result) => result.version === name);
        return store.maintenance.deleteSome({ of: 'results', version: name }, 100);
      },
  ),
  at.map(
    (before): Step =>
      (store, model) => {
        model.dropResults((result) => result.at < before);
        return store.maintenance.deleteSome({ of: 'results', before }, 100);
      },
  ),
);
const dropClaims = fc.oneof(
  claimant.map(
    (name): Step =>
      (store, model) => {
        model.dropClaims(({ who }) => who === name);
        return store.maintenance.deleteSome({ of: 'claims', claimants: [claimantOf(name)] }, 100);
      },
  ),
  hash.map(
    (name): Step =>
      (store, model) => {
        model.dropClaims((one) => one.hash === name);
        return store.maintenance.deleteSome({ of: 'claims', hash: sha256Of(name) }, 100);
      },
  ),
);
const story = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: save },
    { weight: 4, arbitrary: claim },
    { weight: 2, arbitrary: correct },
    { weight: 1, arbitrary: dropResults },
    { weight: 1, arbitrary: dropClaims },
  ),
  { minLength: 1, maxLength: 25 },
);

const questions = [...new Set([...hashes, ...contents])].flatMap((name) =>
  versions.flatMap((version) => [undefined, ...claimants].map((who) => ({ name, version, who }))),
);

async function expectAsModelled(prepare: () => Promise<StoreFixture>, numRuns: number): Promise<void> {
  const fixture = await prepare();
  const stores = [fixture.open(), fixture.open()] as const;
  await stores[0].migrate();
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      for (const table of ['results', 'album_claims', 'corrections'])
        await fixture.change(`DELETE FROM ${table}`);
      const model = openModel();
      for (const [index, step] of steps.entries()) await step(stores[index % 2] ?? stores[0], model);
      const found = await stores[0].findResults(
        questions.map(({ name, version, who }) => ({
          hash: sha256Of(name),
          version,
          ...(who && { claimant: claimantOf(who) }),
        })),
      );
      const answers = found.map(
        (one) =>
          one && `${one.category}${one.corrected === undefined ? '' : ` corrected to ${one.corrected}`}`,
      );
      expect(answers).toEqual(questions.map(({ name, version, who }) => model.find(who, name, version)));
      expect(await stores[0].maintenance.cacheCounts()).toMatchObject(model.counts());
    }),
    propertyRuns(numRuns),
  );
  await Promise.all(stores.map((store) => store.close()));
  await fixture.remove();
}

const name = 'a claimant gets its own corrections and claims and verified results, whatever others do';

describe('on SQLite', () => {
  test(name, () => expectAsModelled(sqliteFixture, 100), 60_000);
});

describeWithMysql('on MySQL', (server) => {
  test(name, () => expectAsModelled(() => mysqlFixture(server), 20), 120_000);
});
