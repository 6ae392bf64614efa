/**
 * What claims cost a look-up among many rows: `npm run bench -- bench/claims.ts [--rows 1000000] [--mysql]
 * [--keep PLACE [--fill]]`. Batches of 100 hashes, all found or none: without a claimant, and by a claimant's own or
 * everybody's claims. Found ones are compared with found ones, misses with misses.
 */
import { createHash, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Lookup } from '../src/store/store.ts';
import { inGroups, openBenchStore, placeOptions, resultWith, version } from './many-rows.ts';
import { percentile } from './start-service.ts';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, ...placeOptions },
});
const rows = Number(values.rows);
const batch = 100;
const rounds = 300;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const contentOf = (index: number): string => hashOf(`content ${index}`);
const originalOf = (index: number): string => hashOf(`original ${index}`);
/** A user has a thousand photos. */
const userOf = (index: number): string => hashOf(`user ${Math.floor(index / 1000)}`).slice(0, 32);

const place = await openBenchStore({ isMysql: values.mysql, keep: values.keep });
const { store } = place;
if (place.results < rows) await fill();
if (values.fill) {
  await place.close();
  process.exit();
}

async function fill(): Promise<void> {
  const filledMs = await inGroups(
    rows,
    (index) => resultWith(contentOf(index)),
    (some) => store.saveResults(some),
  );
  const friend = hashOf('friend').slice(0, 32);
  const claimedMs = await inGroups(
    rows,
    (index) => index,
    async (some) => {
      const claims = some.map((index) => ({
        claimed: originalOf(index),
        content: contentOf(index),
        category: 'other',
        at: 1,
        index,
      }));
      await store.saveClaims([
        ...claims.map((claim) => ({ ...claim, claimant: userOf(claim.index), network: 'a' })),
        ...claims.map((claim) => ({ ...claim, claimant: friend, network: 'b' })),
      ]);
    },
  );
  console.log(
    `${rows} results and ${2 * rows} claims in ${store.kind}: written in ${Math.round(filledMs / 1000)} s and ${Math.round(claimedMs / 1000)} s`,
  );
}

const kinds: Record<string, (index: number) => Lookup> = {
  'verified, nobody asks': (index) => ({ hash: contentOf(index), version }),
  'verified, a claimant asks': (index) => ({ hash: contentOf(index), version, claimant: userOf(index) }),
  'own claim': (index) => ({ hash: originalOf(index), version, claimant: userOf(index) }),
  'everybody’s claim': (index) => ({
    hash: originalOf(index),
    version,
    claimant: hashOf('stranger').slice(0, 32),
  }),
  'nothing found, nobody asks': (index) => ({ hash: hashOf(`nothing ${index}`), version }),
  'nothing found': (index) => ({ hash: hashOf(`nothing ${index}`), version, claimant: userOf(index) }),
};
const times = new Map(Object.keys(kinds).map((name) => [name, [] as number[]]));
for (let round = -20; round < rounds; round += 1)
  for (const [name, lookup] of Object.entries(kinds)) {
    // A phone asks for photos of its own, from one user.
    const first = randomInt(Math.max(1, Math.floor(rows / 1000))) * 1000;
    const lookups = Array.from({ length: batch }, () => lookup(first + randomInt(1000)));
    const startedMs = performance.now();
    const found = await store.findResults(lookups);
    if (round >= 0) times.get(name)?.push(performance.now() - startedMs);
    const expected = name.startsWith('nothing') ? 0 : batch;
    if (found.filter((one) => one !== undefined).length !== expected)
      throw new Error(`${name}: not all found`);
  }
const medianOf = (name: string): number => percentile(times.get(name) ?? [], 0.5);
for (const [name, taken] of times) {
  const p50 = percentile(taken, 0.5);
  const plain = medianOf(name.startsWith('nothing') ? 'nothing found, nobody asks' : 'verified, nobody asks');
  console.log(
    `  ${name.padEnd(28)} p50 ${p50.toFixed(2)} ms, p95 ${percentile(taken, 0.95).toFixed(2)} ms a batch of ${batch}; ${(p50 / plain).toFixed(2)} of the plain one`,
  );
}
await place.close();
