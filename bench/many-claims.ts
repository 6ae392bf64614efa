/**
 * One photo that very many claim, each under a hash of its own or all under one: `npm run bench --
 * bench/many-claims.ts [--claims 100000] [--one-hash] [--mysql]`. What a save of
 * its result takes, how long others wait while the answers of all claims are made anew behind it, and while it is
 * deleted.
 */
import { createHash } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openBenchStore, resultWith } from './many-rows.ts';
import { percentile } from './start-service.ts';

const { values } = parseArgs({
  options: {
    claims: { type: 'string', default: '100000' },
    'one-hash': { type: 'boolean', default: false },
    mysql: { type: 'boolean', default: false },
  },
});
const count = Number(values.claims);
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const content = hashOf('content');
const place = await openBenchStore({ isMysql: values.mysql, keep: undefined });
const { store } = place;

const claimBy = (who: string) => ({
  claimed: hashOf(values['one-hash'] ? 'original' : `original of ${who}`),
  content,
  category: 'other',
  at: 1,
  claimant: hashOf(who).slice(0, 32),
  network: 'a',
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** What others do meanwhile: each time a result and a claim of their own, a claim on the same photo, a look-up. */
async function othersUntil(isDone: () => Promise<boolean>): Promise<string> {
  const times: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedMs = performance.now();
  do
    for (let round = 0; round < 20; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const who = `other ${performance.now()}`;
      times.push(
        await timed(() => store.saveResults([resultWith(hashOf(who))])),
        await timed(() => store.saveClaims([{ ...claimBy(who), content: hashOf(who) }])),
        await timed(() => store.saveClaims([claimBy('newcomer')])),
        await timed(() =>
          store.findResults([{ hash: content, version: 'bench', claimant: hashOf(who).slice(0, 32) }]),
        ),
      );
    }
  while (!(await isDone()));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(times, share).toFixed(1));
  return `${seconds} s, others meanwhile p50 ${p50} ms, p99 ${p99} ms, at most ${Math.max(...times).toFixed(1)} ms (event loop at most ${(delay.max / 1e6).toFixed(1)} ms)`;
}

const groups = Array.from({ length: count / 100 }, (_, at) =>
  Array.from({ length: 100 }, (_, index) => claimBy(`person ${at * 100 + index}`)),
);
await store.saveResults([resultWith(content)]);
const saves: number[] = [];
for (const group of groups) saves.push(await timed(() => store.saveClaims(group)));
const [median, worst] = [percentile(saves, 0.5), Math.max(...saves)].map((ms) => ms.toFixed(1));
console.log(
  `${count} claims on one content in ${store.kind}: a group of 100 p50 ${median} ms, at most ${worst} ms`,
);

const tookMs = await timed(() => store.saveResults([{ ...resultWith(content), model: 'newer' }]));
const [last = claimBy('nobody')] = groups
  .flat()
  .sort((a, b) => (a.claimed + a.claimant < b.claimed + b.claimant ? 1 : -1));
const isAnswered = async () =>
  (await store.findResults([{ hash: last.claimed, version: 'bench', claimant: last.claimant }]))[0]?.model ===
  'newer';
console.log(`a new result: ${tookMs.toFixed(1)} ms; all answered after ${await othersUntil(isAnswered)}`);

let isGone = false;
const deletion = store.deleteSome({ of: 'results', hash: content }, 200).then(() => {
  isGone = true;
});
console.log(`deleted after ${await othersUntil(async () => isGone)}`);
await deletion;
await place.close();
