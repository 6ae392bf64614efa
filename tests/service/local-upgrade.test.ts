import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournal } from '../../src/cli/album/journal.ts';
import { formOf, post, type Sample, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { writeColourModel } from '../support/tiny-model.ts';

let folder: string;
let fake: FakeLlm;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'local-upgrade-'));
  fake = await startFakeLlm({ behave: { content: { category: 'pets', confidence: 0.9 } } });
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true });
});

/** One run of the service, always on the same database. */
async function run<T>(environment: Record<string, string>, use: (ask: Asking) => Promise<T>): Promise<T> {
  const app = await startApp({
    SQLITE_FILE: join(folder, 'album.db'),
    MODEL_DIR: join(folder, 'model'),
    ...environment,
  });
  const { url } = app;
  try {
    return await use({
      classify: async (name) =>
        (await post(`${url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes(name) }]))).body,
      lookUp: async (name) => {
        const image_hash = createHash('sha256').update(sampleBytes(name)).digest('hex');
        return (await post(`${url}/api/v1/classify/check-cache`, { image_hash })).body;
      },
    });
  } finally {
    await app.close();
  }
}

interface Asking {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any shape and asserts it
  classify(name: Sample): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any shape and asserts it
  lookUp(name: Sample): Promise<any>;
}

longTest('answers of a local model count until its version changes, those of an LLM go on', async () => {
  const model = join(folder, 'model');
  await writeColourModel(model, { version: '1' });
  await run({ LLM_BASE_URL: fake.baseUrl, LLM_MODEL: 'eyes' }, ({ classify }) => classify('cat.jpg'));
  await run({}, async ({ classify }) => {
    expect((await classify('coffee.jpg')).data).toMatchObject({ model: 'colours@1' });
  });
  await run({}, async ({ lookUp }) => {
    expect((await lookUp('coffee.jpg')).cached).toBe(true);
  });

  await writeColourModel(model, { version: '2' });
  await run({}, async ({ classify, lookUp }) => {
    expect((await lookUp('coffee.jpg')).cached).toBe(false);
    expect(await classify('coffee.jpg')).toMatchObject({ from_cache: false, data: { model: 'colours@2' } });
    expect((await lookUp('coffee.jpg')).data).toMatchObject({ model: 'colours@2' });
    expect((await lookUp('cat.jpg')).data).toMatchObject({ model: 'eyes' });
  });
});

test('a correction of a local answer outlives the model', async () => {
  const model = join(folder, 'model');
  await writeColourModel(model, { version: '1' });
  const image_hash = createHash('sha256').update(sampleBytes('cat.jpg')).digest('hex');
  const file = join(folder, 'album.db');
  const before = await startApp({ SQLITE_FILE: file, MODEL_DIR: model });
  await post(`${before.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]));
  await post(`${before.url}/api/v1/feedback`, { image_hash, category: 'foods' });
  await before.close();
  await writeColourModel(model, { version: '2' });
  await run({}, async ({ lookUp }) => {
    expect((await lookUp('cat.jpg')).data).toMatchObject({ category: 'foods', model: 'user' });
  });
});

test('the journal of a folder skips what an LLM said, and what this local model said', () => {
  const file = join(folder, 'journal.ndjson');
  const photo = (path: string) => ({ path, file: path, sizeBytes: 1, mtimeMs: 1 }) as never;
  const answer = (model: string) =>
    ({ category: 'pets', confidence: 1, inferenceMethod: 'local', model, degraded: false }) as const;
  const old = openJournal(file, { source: 'here', localModel: 'colours@1' });
  old.add(photo('by the LLM'), { hash: 'a', isByLlm: true, answer: answer('eyes') });
  old.add(photo('by the local model'), { hash: 'b', isByLlm: false, answer: answer('colours@1') });
  old.close();
  const found = (localModel: string | undefined) => {
    const journal = openJournal(file, { source: 'here', localModel });
    const paths = ['by the LLM', 'by the local model'].filter((path) => journal.find(photo(path)));
    journal.close();
    return paths;
  };
  expect(found('colours@1')).toEqual(['by the LLM', 'by the local model']);
  expect(found('colours@2')).toEqual(['by the LLM']);
  // A remote server does not report its model.
  expect(found(undefined)).toEqual(['by the LLM', 'by the local model']);
});
