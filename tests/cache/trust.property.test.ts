import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimantOfUser } from '../../src/stats/sender.ts';
import { categories, openWorld, originalOf, type Person, type Picture, sentBy } from './world.ts';

/** Honest people, each on a network of their own; two without a user id. */
const honest: readonly Person[] = [
  { userId: 'anna', address: '192.0.2.1' },
  { userId: 'bert', address: '198.51.100.7' },
  { address: '203.0.113.9' },
  { address: '2001:db8:1::5' },
];

/** As many user ids as they like, on one network. */
const hostile: readonly Person[] = [
  { userId: 'mallory 1', address: '100.64.7.1' },
  { userId: 'mallory 2', address: '100.64.7.2' },
  { address: '100.64.7.3' },
];

const pictures: readonly Picture[] = [
  { name: 'cat', look: 'cat', category: 'pets' },
  { name: 'soup', look: 'soup', category: 'foods' },
];

/** What hostile people have: other pictures, and such as were made to look like honest ones. */
const hostilePictures: readonly Picture[] = [
  { name: 'card', look: 'card', category: 'idcard' },
  { name: 'card made to look like the cat', look: 'cat', category: 'idcard' },
  { name: 'cat made to look like the soup', look: 'soup', category: 'pets' },
];

type World = Awaited<ReturnType<typeof openWorld>>;
/** @returns a sentence where somebody was told something wrong */
type Step = (world: World) => Promise<string | undefined>;

const process = fc.nat(1);
const nothing = async () => undefined;

const honestUpload: fc.Arbitrary<Step> = fc
  .tuple(process, fc.constantFrom(...honest), fc.constantFrom(...pictures))
  .map(([at, person, picture]) => async (world) => {
    const told = await world.upload(at, person, picture, originalOf(picture));
    return told === picture.category ? undefined : `an upload of ${picture.name} was answered ${told}`;
  });

const honestLookUp: fc.Arbitrary<Step> = fc
  .tuple(process, fc.constantFrom(...honest), fc.constantFrom(...pictures), fc.boolean())
  .map(([at, person, picture, isOriginal]) => async (world) => {
    const told = await world.lookUp(at, person, isOriginal ? originalOf(picture) : sentBy(person, picture));
    return told === undefined || told === picture.category
      ? undefined
      : `${picture.name} was looked up as ${told}`;
  });

const anyHash = fc.oneof(
  fc.constantFrom(...pictures.map(originalOf)),
  fc
    .tuple(fc.constantFrom(...honest), fc.constantFrom(...pictures))
    .map(([person, picture]) => sentBy(person, picture)),
);

const hostileUpload: fc.Arbitrary<Step> = fc
  .tuple(process, fc.constantFrom(...hostile), fc.constantFrom(...hostilePictures, ...pictures), anyHash)
  .map(([at, person, picture, hash]) => async (world) => {
    await world.upload(at, person, picture, hash);
    return undefined;
  });

const hostileCorrection: fc.Arbitrary<Step> = fc
  .tuple(process, fc.constantFrom(...hostile), fc.constantFrom(...categories), anyHash)
  .map(([at, person, category, hash]) => async (world) => {
    await world.correct(at, person, hash, category);
    return undefined;
  });

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
      arbitrary: fc.array(fc.oneof(honestUpload, honestLookUp, hostileUpload, hostileCorrection), {
        minLength: 1,
        maxLength: 6,
      }),
    },
    { weight: 1, arbitrary: weather.map((step) => [step]) },
    { weight: 1, arbitrary: process.map((at) => [(world: World) => world.restart(at).then(nothing)]) },
  ),
  { minLength: 1, maxLength: 10 },
);

test('nobody honest is ever told what no honest classification of their photo said', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (groups) => {
      const world = await openWorld();
      try {
        for (const group of groups) {
          const lies = await Promise.all(group.map((step) => step(world)));
          expect(lies.filter((lie) => lie !== undefined)).toEqual([]);
        }
        for (const person of honest)
          for (const picture of pictures) {
            const told = await world.lookUp(0, person, originalOf(picture));
            expect([undefined, picture.category]).toContain(told);
          }
        const bad = await world.rows(
          `SELECT * FROM results WHERE confidence <= 0 OR confidence > 1 OR category NOT IN (${categories.map((key) => `'${key}'`).join(', ')})`,
        );
        expect(bad).toEqual([]);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('honest people share what they agree on, in whatever order and at whichever process', async () => {
  const pair = fc.shuffledSubarray([...honest], { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      pair,
      fc.array(process, { minLength: 3, maxLength: 3 }),
      fc.boolean(),
      async (people, at, together) => {
        const [first, second, stranger] = people as [Person, Person, Person];
        const [picture] = pictures as [Picture];
        const world = await openWorld();
        try {
          const uploads = [first, second].map(
            (person, index) => () => world.upload(at[index] ?? 0, person, picture, originalOf(picture)),
          );
          if (together) await Promise.all(uploads.map((upload) => upload()));
          else for (const upload of uploads) await upload();
          expect(await world.lookUp(at[2] ?? 0, stranger, originalOf(picture))).toBe(picture.category);
        } finally {
          await world.close();
        }
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

test('what a claimant corrected is never told to another, at either process, with memory warm or cold', async () => {
  await fc.assert(
    fc.asyncProperty(process, process, fc.boolean(), async (one, other, isCold) => {
      const [anna, bert] = honest as [Person, Person];
      const [cat] = pictures as [Picture];
      const world = await openWorld();
      try {
        const content = sentBy(anna, cat);
        await world.upload(one, anna, cat, originalOf(cat));
        await world.lookUp(one, bert, content);
        await world.correct(one, anna, content, 'foods');
        if (isCold) await world.restart(other);
        expect(await world.lookUp(one, anna, content)).toBe('foods');
        for (const process of [one, other]) expect(await world.lookUp(process, bert, content)).toBe('pets');
        expect(claimantOfUser('anna')).toHaveLength(32);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 10 },
  );
}, 60_000);
