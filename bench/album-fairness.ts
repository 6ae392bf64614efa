/**
 * Duration of a single photo while two albums of 500 photos stream, compared with no other load; LLM calls take 1 s.
 * `npm run bench bench/album-fairness.ts [photos]`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { albumClient } from '../src/client/client.ts';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { generatedPhoto } from './album-photos.ts';
import { percentile, startService } from './start-service.ts';

const photos = Number(process.argv[2] ?? 500);
const singles = 40;
const fixed = process.argv[3];

let made = 0;
const next = async () => (await generatedPhoto(made++)) as Uint8Array<ArrayBuffer>;
const llm = await startFakeLlm({
  behave: { content: { category: 'pets', confidence: 0.9 }, latencyMs: 1000 },
});
const service = await startService({
  LLM_BASE_URL: llm.baseUrl,
  LLM_MODEL: 'fake',
  NEAR_DUPLICATES: 'off',
  ...(fixed !== undefined && { LLM_MAX_CONCURRENCY: fixed }),
});

async function single(): Promise<number> {
  const form = new FormData();
  form.append('image', new Blob([await next()]), 'single.jpg');
  const startedMs = performance.now();
  const reply = await fetch(`${service.url}/api/v1/classify`, { method: 'POST', body: form });
  const { data } = (await reply.json()) as { data: { inference_method: string } };
  if (data.inference_method !== 'llm')
    throw new Error(`a single photo was answered by ${data.inference_method}`);
  return performance.now() - startedMs;
}

/** One after another, at random moments. */
async function measure(isOver: () => boolean): Promise<number[]> {
  const values: number[] = [];
  while (values.length < singles && !isOver()) {
    await sleep(Math.random() * 300);
    values.push(await single());
  }
  return values;
}

const tell = (name: string, values: readonly number[]) => {
  const [p50, p95] = [percentile(values, 0.5), percentile(values, 0.95)];
  console.log(`${name}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (${values.length} photos)`);
  return p95;
};

const alone = tell('a single photo alone', await measure(() => false));

const albums = await Promise.all(
  [0, 1].map(() =>
    Promise.all(
      Array.from({ length: photos }, async (_, index) => ({ name: `${index}.jpg`, content: await next() })),
    ),
  ),
);
let running = albums.length;
const startedMs = performance.now();
const streams = albums.map(async (album, index) => {
  const client = albumClient({ baseUrl: service.url, userId: `phone-${index}` });
  const summary = await client.classifyAlbum(
    album.map(({ name, content }) => ({ name, read: () => content })),
  );
  running -= 1;
  const { byLlm, byLocal, failed } = summary;
  console.log(
    `album ${index}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s, ${JSON.stringify({ byLlm, byLocal, failed })}`,
  );
});
await sleep(500);
const among = tell('the same among two albums', await measure(() => running < 2));
console.log(
  `p95 ${(among / alone).toFixed(2)} of that alone (target: 1.5); most calls at once: ${llm.maxConcurrent}`,
);
await Promise.all(streams);
await service.stop();
await llm.close();
