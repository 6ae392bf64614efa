import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { describeWithMysql } from '../support/mysql.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { categories, openWorld, originalOf, type Person, type Picture, sentBy } from './world.ts';

/** Honest people, each on a network of their own; two without a user id. */
const honest: readonly Person[] = [
  { userId: 'anna', address: '192.0.2.1' },
  { userId: 'bert', address: '198.51.100.7' },
  { address: '203.0.113.9' },
  { address: '2001:db8:1::5' },
];

/** As many user ids and networks as they like, and one at the address of honest people with a user id. */
const hostile: readonly Person[] = [
  ...Array.from({ length: 5 }, (_, at) => ({ userId: `mallory ${at}`, address: `100.64.${at}.1` })),
  { address: '100.64.7.3' },
  { address: '192.0.2.1' },
];

const pictures: readonly Picture[] = [
  { name: 'cat', look: 'cat', category: 'pets' },
  { name: 'soup', look: 'soup', category: 'foods' },
];

/** What hostile people have: other pictures, and hybrids, which look like honest ones and show something else. */
const hostilePictures: readonly Picture[] = [
  { name: 'card', look: 'card', category: 'idcard' },
  { name: 'card that looks like the cat', look: 'cat', category: 'idcard' },
  { name: 'cat that looks like the soup', look: 'soup', category: 'pets' },
];

type World = Awaited<ReturnType<typeof openWorld>>;
/** @returns a sentence about a wrong answer */
type Step = (world: World) => Promise<string | undefined>;

const process = fc.nat(1);
const nothing = async () => undefined;
const onePhoto = fc.tuple(process, fc.constantFrom(...honest), fc.constantFrom(...pictures));

const honestUpload: fc.Arbitrary<Step> = onePhoto.map(([at, person, picture]) => async (world) => {
  const answer = await world.upload(at, { person, picture, claimed: originalOf(picture) });
  return answer === picture.category ? undefined : `an upload of ${picture.name} was answered ${answer}`;
});

const honestLookUp: fc.Arbitrary<Step> = fc
  .tuple(onePhoto, fc.boolean())
  .map(([[at, person, picture], isOriginal]) => async (world) => {
    const answer = await world.lookUp(at, person, isOriginal ? originalOf(picture) : sentBy(person, picture));
    return answer === undefined || answer === picture.category
      ? undefined
      : `${picture.name} was looked up as ${answer}`;
  });

/** Hashes that an attacker may know: of files on phones, and of uploads. */
const anyHash = onePhoto.chain(([, person, picture]) =>
  fc.constantFrom(originalOf(picture), sentBy(person, picture)),
);

const hostileUpload: fc.Arbitrary<Step> = fc
  .tuple(process, fc.constantFrom(...hostile), fc.constantFrom(...hostilePictures), anyHash, fc.boolean())
  .map(([at, person, picture, claimed, isRecheck]) => (world) => {
    return world.upload(at, { person, picture, claimed, isRecheck }).then(nothing);
  });

/** The very bytes of another user's photo, under the name of another one. */
const stolenUpload: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom(...hostile), onePhoto, anyHash)
  .map(([person, [at, owner, picture], claimed]) => (world) => {
    return world.upload(at, { person, picture, bytes: sentBy(owner, picture), claimed }).then(nothing);
  });

const hostileCorrection: fc.Arbitrary<Step> = fc
  .tuple(process, fc.constantFrom(...hostile), fc.constantFrom(...categories), anyHash)
  .map(
    ([at, person, category, hash]) =>
      (world) =>
        world.correct(at, person, hash, category).then(nothing),
  );

const weather: fc.Arbitrary<Step> = fc.oneof(
  fc.boolean().map((failing) => async (world: World) => world.setFailing(failing) as undefined),
  fc.constantFrom(1000, 61_000).map((ms) => async (world: World) => world.pass(ms) as undefined),
  fc.constantFrom(...hostile).map((person) => (world: World) => world.forget(0, person).then(nothing)),
);

/** Steps of a group are at work at once; groups follow each other. */
const story = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(
        fc.oneof(honestUpload, honestLookUp, hostileUpload, stolenUpload, hostileCorrection),
        { minLength: 1, maxLength: 6 },
      ),
    },
    { weight: 1, arbitrary: weather.map((step) => [step]) },
    { weight: 1, arbitrary: process.map((at) => [(world: World) => world.restart(at).then(nothing)]) },
  ),
  { minLength: 1, maxLength: 10 },
);

async function inWorlds(
  prepare: () => Promise<StoreFixture>,
  property: (open: () => Promise<World>) => Promise<void>,
): Promise<void> {
  const fixture = await prepare();
  await property(() => openWorld(fixture));
  await fixture.remove();
}

function describeTrust(prepare: () => Promise<StoreFixture>, numRuns: number): void {
  test('a caller gets only categories of its own photos, and of bytes with the very hash', async () => {
    await inWorlds(prepare, (open) =>
      fc.assert(
        fc.asyncProperty(story, async (groups) => {
          const world = await open();
          try {
            for (const group of groups) {
              const lies = await Promise.all(group.map((step) => step(world)));
              expect(lies.filter((lie) => lie !== undefined)).toEqual([]);
            }
            for (const person of honest)
              for (const picture of pictures)
                for (const hash of [originalOf(picture), sentBy(person, picture)])
                  expect([undefined, picture.category]).toContain(await world.lookUp(0, person, hash));
            // Hashes that only attackers claim stay unknown to others.
            for (const picture of pictures)
              expect(
                await world.lookUp(1, { userId: 'stranger', address: '8.8.8.8' }, originalOf(picture)),
              ).toBe(undefined);
          } finally {
            await world.close();
          }
        }),
        propertyRuns(numRuns),
      ),
    );
  }, 120_000);

  test('a phone finds all its photos again after a reinstall with its user id, whatever others claim', async () => {
    await inWorlds(prepare, (open) =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof(hostileUpload, stolenUpload, hostileCorrection)),
          process,
          async (steps, at) => {
            const world = await open();
            const [anna] = honest as [Person];
            try {
              for (const picture of pictures)
                await world.upload(at, { person: anna, picture, claimed: originalOf(picture) });
              for (const step of steps) await step(world);
              await world.restart(0);
              await world.restart(1);
              for (const picture of pictures)
                expect(await world.lookUp(at, anna, originalOf(picture))).toBe(picture.category);
            } finally {
              await world.close();
            }
          },
        ),
        propertyRuns(Math.ceil(numRuns / 3)),
      ),
    );
  }, 120_000);

  test('a correction never reaches another claimant, at either process, with memory warm or cold', async () => {
    await inWorlds(prepare, (open) =>
      fc.assert(
        fc.asyncProperty(process, process, fc.boolean(), async (one, other, isCold) => {
          const [anna, bert] = honest as [Person, Person];
          const [cat] = pictures as [Picture];
          const world = await open();
          try {
            const content = sentBy(anna, cat);
            await world.upload(one, { person: anna, picture: cat, claimed: originalOf(cat) });
            await world.lookUp(one, bert, content);
            await world.correct(one, anna, content, 'foods');
            if (isCold) await world.restart(other);
            expect(await world.lookUp(one, anna, content)).toBe('foods');
            for (const process of [one, other])
              expect(await world.lookUp(process, bert, content)).toBe('pets');
          } finally {
            await world.close();
          }
        }),
        propertyRuns(10),
      ),
    );
  }, 60_000);
}

describe('on SQLite', () => describeTrust(sqliteFixture, 60));
describeWithMysql('on MySQL', (server) => describeTrust(() => mysqlFixture(server), 30));
