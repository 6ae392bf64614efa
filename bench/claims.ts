/**
 * What claims cost a look-up among many rows: `npm run bench -- bench/claims.ts [--rows 1000000] [--mysql]
 * [--keep PLACE [--fill]]`. Batches of 100 hashes, all found or none: without a claimant, by a claimant's own claims
 * (which nobody else has, as of most photos, or which others corroborate) and by everybody's. Found ones are compared
 * with found ones, misses with misses.
 */
import { createHash, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Claim, Found, Lookup } from '../src/store/store.ts';
import { inGroups, openBenchStore, placeOptions, resultWith, version } from './many-rows.ts';
import { percentile } from './start-service.ts';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, ...placeOptions },
});
const rows = Number(values.rows);
const batch = 100;
/** A fill takes long: done in pieces, others get at the machine in between. */
const longestFillMs = 200_000;
const rounds = 300;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const contentOf = (index: number): string => hashOf(`content ${index}`);
const originalOf = (index: number): string => hashOf(`original ${index}`);
/** A user has a thousand photos. */
const userOf = (index: number): string => hashOf(`user ${Math.floor(index / 1000)}`).slice(0, 32);
/** Every other user has two friends who have the same ones. */
const hasFriends = (index: number): boolean => Math.floor(index / 1000) % 2 === 1;
const friends = ['b', 'c'].map((network) => ({
  claimant: hashOf(`friend ${network}`).slice(0, 32),
  network,
}));

const place = await openBenchStore({ isMysql: values.mysql, keep: values.keep });
const { store } = place;
await fill();
if (values.fill) {
  await place.close();
  process.exit();
}

/** Goes on where the last fill ended, in the order of the hashes: then a page is written once. */
async function fill(): Promise<void> {
  const until = values.fill ? performance.now() + longestFillMs : Number.POSITIVE_INFINITY;
  const { results, claims } = await store.cacheCounts();
  const inOrderOf = (hash: (index: number) => string): number[] =>
    Array.from({ length: rows }, (_, index) => ({ index, key: hash(index) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ index }) => index);
  const contents = inOrderOf(contentOf).slice(results);
  const filledMs = await inGroups(contents, until, (some) =>
    store.saveResults(some.map((index) => resultWith(contentOf(index)))),
  );
  const originals = leftOf(inOrderOf(originalOf).map(claimsOn), claims);
  const claimedMs = await inGroups(originals, until, (some) => store.saveClaims(some.flat()));
  const now = await store.cacheCounts();
  console.log(
    `${now.results} results in ${store.kind}, ${now.results - results} of them written in ${Math.round(filledMs / 1000)} s, and ${now.claims} claims, ${now.claims - claims} in ${Math.round(claimedMs / 1000)} s`,
  );
}

/** What is left where so many single ones are done. */
function leftOf<T>(lists: readonly (readonly T[])[], done: number): (readonly T[])[] {
  let seen = 0;
  return lists.filter((list) => {
    seen += list.length;
    return seen > done;
  });
}

function claimsOn(index: number): Claim[] {
  const claim = { claimed: originalOf(index), content: contentOf(index), category: 'other', at: 1 };
  const claimants = [{ claimant: userOf(index), network: 'a' }, ...(hasFriends(index) ? friends : [])];
  return claimants.map((one) => ({ ...claim, ...one }));
}

interface Kind {
  readonly lookup: (index: number) => Lookup;
  /** Of whom such photos are; anybody unless given. */
  readonly friends?: boolean;
  readonly plain: string;
  readonly via?: Found['via'];
}

const claimant = hashOf('stranger').slice(0, 32);
const found = { plain: 'verified, nobody asks' };
const missed = { plain: 'nothing found, nobody asks' };
const kinds: Record<string, Kind> = {
  'verified, nobody asks': {
    ...found,
    via: 'verified',
    lookup: (index) => ({ hash: contentOf(index), version }),
  },
  'verified, a claimant asks': {
    ...found,
    via: 'verified',
    lookup: (index) => ({ hash: contentOf(index), version, claimant: userOf(index) }),
  },
  'own claim, nobody else’s': {
    ...found,
    via: 'claim',
    friends: false,
    lookup: (index) => ({ hash: originalOf(index), version, claimant: userOf(index) }),
  },
  'own claim, corroborated': {
    ...found,
    via: 'claim',
    friends: true,
    lookup: (index) => ({ hash: originalOf(index), version, claimant: userOf(index) }),
  },
  'everybody’s claim': {
    ...found,
    via: 'shared',
    friends: true,
    lookup: (index) => ({ hash: originalOf(index), version, claimant }),
  },
  'nothing found, nobody asks': {
    ...missed,
    lookup: (index) => ({ hash: hashOf(`nothing ${index}`), version }),
  },
  'nothing found, somebody asks': {
    ...missed,
    lookup: (index) => ({ hash: hashOf(`nothing ${index}`), version, claimant: userOf(index) }),
  },
};

const times = new Map(Object.keys(kinds).map((name) => [name, [] as number[]]));
for (let round = -20; round < rounds; round += 1)
  // In another order each time: what one leaves in the caches is there for all alike.
  for (const [name, kind] of shuffled(Object.entries(kinds))) {
    // A phone asks for photos of its own, from one user.
    const user = randomInt(Math.max(1, Math.floor(rows / 2000))) * 2 + Number(kind.friends ?? randomInt(2));
    const lookups = Array.from({ length: batch }, () => kind.lookup(user * 1000 + randomInt(1000)));
    const startedMs = performance.now();
    const answers = await store.findResults(lookups);
    if (round >= 0) times.get(name)?.push(performance.now() - startedMs);
    if (answers.some((answer) => answer?.via !== kind.via)) throw new Error(`${name}: not all found so`);
  }

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

for (const [name, taken] of times) {
  const [p50, plain] = [taken, times.get(kinds[name]?.plain ?? '') ?? []].map((some) =>
    percentile(some, 0.5),
  );
  const ratio = ((p50 ?? 0) / (plain ?? 1)).toFixed(2);
  console.log(
    `  ${name.padEnd(29)} p50 ${p50?.toFixed(2)} ms, p95 ${percentile(taken, 0.95).toFixed(2)} ms a batch of ${batch}; ${ratio} of the plain one`,
  );
}
await place.close();
