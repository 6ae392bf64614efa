/**
 * What a look-up costs among many rows: `npm run bench -- bench/claims.ts [--rows 1000000] [--mysql]
 * [--keep PLACE [--fill]]`. Batches of 100 hashes of one user, all found or none: by the hash of the bytes themselves,
 * by a claim of the user's own, and with claims of all claimants (CLAIM_TRUST=all). Then what writing costs.
 */
import { createHash, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Claim, Found, Lookup } from '../src/store/entities.ts';
import { inGroups, openBenchStore, placeOptions, resultWith, version } from './many-rows.ts';
import { percentile } from './start-service.ts';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, ...placeOptions },
});
const rows = Number(values.rows);
const batch = 100;
/** A fill takes long; in pieces it leaves the machine to others in between. */
const longestFillMs = 200_000;
const rounds = 300;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const contentOf = (index: number): string => hashOf(`content ${index}`);
const originalOf = (index: number): string => hashOf(`original ${index}`);
/** A user has a thousand photos. */
const userOf = (index: number): string => hashOf(`user ${Math.floor(index / 1000)}`).slice(0, 32);
const place = await openBenchStore({ isMysql: values.mysql, keep: values.keep });
const { store } = place;
await fill();
if (values.fill) {
  await place.close();
  process.exit();
}

/** Continues where the last fill ended, in the order of the keys, so that each page is written once. */
async function fill(): Promise<void> {
  const until = values.fill ? performance.now() + longestFillMs : Number.POSITIVE_INFINITY;
  const inOrderOf = (hash: (index: number) => string): number[] =>
    Array.from({ length: rows }, (_, index) => ({ index, key: hash(index) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ index }) => index);
  const contents = inOrderOf(contentOf);
  const results = await filled(contents, (index) => ({ hash: contentOf(index), version }));
  const filledMs = await inGroups(contents.slice(results), until, (some) =>
    store.saveResults(some.map((index) => resultWith(contentOf(index)))),
  );
  const originals = inOrderOf((index) => userOf(index) + originalOf(index));
  const ofOriginal = (index: number) => ({ hash: originalOf(index), version, claimant: userOf(index) });
  const claims = await filled(originals, ofOriginal);
  const claimedMs = await inGroups(originals.slice(claims), until, (some) =>
    store.saveClaims(some.map(claimOf)),
  );
  const now = [
    await filled(contents, (index) => ({ hash: contentOf(index), version })),
    await filled(originals, ofOriginal),
  ];
  console.log(
    `${now[0]} results in ${store.kind}, ${Number(now[0]) - results} of them written in ${Math.round(filledMs / 1000)} s, and ${now[1]} claims, ${Number(now[1]) - claims} in ${Math.round(claimedMs / 1000)} s`,
  );
}

/** How many of those in order are there. */
async function filled(order: readonly number[], lookup: (index: number) => Lookup): Promise<number> {
  let [there, end] = [0, order.length];
  while (there < end) {
    const middle = (there + end) >> 1;
    const [found] = await store.findResults([lookup(order[middle] ?? 0)]);
    if (found) there = middle + 1;
    else end = middle;
  }
  return there;
}

function claimOf(index: number): Claim {
  return { claimant: userOf(index), claimed: originalOf(index), content: contentOf(index), at: 1 };
}

interface Kind {
  readonly lookup: (index: number) => Lookup;
  readonly via?: Found['via'];
  readonly store?: typeof store;
}

const trusting = await openBenchStore({ isMysql: values.mysql, keep: place.name, trust: 'all' });
const stranger = hashOf('stranger').slice(0, 32);
const kinds: Record<string, Kind> = {
  'verified, without a claimant': {
    via: 'verified',
    lookup: (index) => ({ hash: contentOf(index), version }),
  },
  'verified, with a claimant': {
    via: 'verified',
    lookup: (index) => ({ hash: contentOf(index), version, claimant: userOf(index) }),
  },
  'own claim': {
    via: 'claim',
    lookup: (index) => ({ hash: originalOf(index), version, claimant: userOf(index) }),
  },
  'nothing found': {
    lookup: (index) => ({ hash: hashOf(`nothing ${index}`), version, claimant: userOf(index) }),
  },
  'another’s claim, CLAIM_TRUST=all': {
    via: 'other',
    store: trusting.store,
    lookup: (index) => ({ hash: originalOf(index), version, claimant: stranger }),
  },
};

const times = new Map(Object.keys(kinds).map((name) => [name, [] as number[]]));
for (let round = -20; round < rounds; round += 1)
  // In a new order each time, so that warm caches favour none.
  for (const [name, kind] of shuffled(Object.entries(kinds))) {
    // A phone asks for photos of its own, from one user.
    const user = randomInt(Math.max(1, Math.floor(rows / 1000)));
    const lookups = Array.from({ length: batch }, () => kind.lookup(user * 1000 + randomInt(1000)));
    const startedMs = performance.now();
    const answers = await (kind.store ?? store).findResults(lookups);
    if (round >= 0) times.get(name)?.push(performance.now() - startedMs);
    if (answers.some((answer) => answer?.via !== kind.via)) throw new Error(`${name}: not all found so`);
  }

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

for (const [name, taken] of times) print(name, taken, `a batch of ${batch}`);

for (const size of [1, 20]) {
  const [results, claims]: number[][] = [[], []];
  for (let round = 0; round < 200; round += 1) {
    const names = Array.from({ length: size }, (_, at) => `new ${performance.now()} ${at}`);
    let startedMs = performance.now();
    await store.saveResults(names.map((name) => resultWith(hashOf(name))));
    results?.push(performance.now() - startedMs);
    startedMs = performance.now();
    await store.saveClaims(
      names.map((name) => ({
        claimant: userOf(round * 1000),
        claimed: hashOf(`original ${name}`),
        content: hashOf(name),
        at: 1,
      })),
    );
    claims?.push(performance.now() - startedMs);
  }
  print('new results', results ?? [], `${size} at once`);
  print('new claims', claims ?? [], `${size} at once`);
}

function print(name: string, taken: readonly number[], of: string): void {
  const [p50, p95] = [0.5, 0.95].map((share) => percentile(taken, share).toFixed(2));
  console.log(`  ${name.padEnd(39)} p50 ${p50} ms, p95 ${p95} ms, ${of}`);
}
await trusting.close();
await place.close();
