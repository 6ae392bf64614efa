import { createHash } from 'node:crypto';
import { Session } from 'node:inspector/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';

/**
 * The number of source files that one request runs through: a newcomer reads that many to follow it. A quiet machine
 * counts 41, 29 and 103. A slow one counts a few more, as timers then fall into every repetition.
 */
const mostFiles = { hit: 46, lookup: 35, miss: 110 };
const repetitions = 8;

const session = new Session();
let fake: FakeLlm;
let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  fake = await startFakeLlm();
  app = await startApp({ LLM_BASE_URL: fake.baseUrl, LLM_MODEL: 'eyes' });
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
});
afterAll(async () => {
  session.disconnect();
  await app.close();
  await fake.close();
});

const photo = (index: number) => Buffer.concat([sampleBytes('cat.jpg'), Buffer.from(`#${index}`)]);

const upload = async (index: number) => {
  const { status } = await post(
    `${app.url}/api/v1/classify`,
    formOf([{ name: 'image', value: photo(index) }]),
  );
  expect(status).toBe(200);
};

const lookUp = async (index: number) => {
  const reply = await fetch(`${app.url}/api/v1/classify/check-cache`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image_hash: createHash('sha256').update(photo(index)).digest('hex') }),
  });
  expect(await reply.json()).toMatchObject({ cached: true });
};

/** Files of src with a function that runs in every repetition of the request: background work falls out. */
async function filesOf(request: (index: number) => Promise<unknown>): Promise<readonly string[]> {
  const counts = new Map<string, number>();
  for (let index = 0; index < repetitions; index += 1) {
    await app.services.stats.flush();
    await session.post('Profiler.takePreciseCoverage');
    await request(index);
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const files = result
      .filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
      .flatMap(({ url }) => /\/src\/(.+\.ts)/.exec(url)?.[1] ?? []);
    for (const file of new Set(files)) counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count === repetitions)
    .map(([file]) => file)
    .sort();
}

test('a request runs through few files', async () => {
  const files = {
    miss: await filesOf(upload),
    hit: await filesOf(upload),
    lookup: await filesOf(lookUp),
  };
  const counts = { hit: files.hit.length, lookup: files.lookup.length, miss: files.miss.length };
  console.log(`files that a request runs through: ${JSON.stringify(counts)}`);
  for (const kind of ['hit', 'lookup', 'miss'] as const)
    expect(counts[kind], files[kind].join('\n')).toBeLessThanOrEqual(mostFiles[kind]);
});
