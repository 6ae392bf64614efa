import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { formOf, post, type Sample, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { anthropicWire } from '../support/fake-llm-anthropic.ts';
import { longTest } from '../support/long-test.ts';

const reply = { category: 'pets', confidence: 0.9, description: '一只猫。' };
const tagged = { content: { ...reply, tags: ['猫', '沙发', '猫', '13800138000'] } };
const hash = createHash('sha256').update(sampleBytes('cat.jpg')).digest('hex');

let app: Awaited<ReturnType<typeof startApp>>;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-tags-'));
});
afterEach(() => app.close());
afterAll(() => rmSync(folder, { recursive: true }));

const classify = (name: Sample = 'cat.jpg') =>
  post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes(name) }]));

async function start(fake: FakeLlm, environment: Record<string, string> = {}) {
  app = await startApp({
    LLM_BASE_URL: fake.baseUrl,
    LLM_API_KEY: 'sk-test',
    LLM_MODEL: 'eyes',
    NEAR_DUPLICATES: 'off',
    ...environment,
  });
}

describe.each([
  ['openai', undefined],
  ['anthropic', anthropicWire],
] as const)('with LLM_TAGS and %s', (vendor, wire) => {
  test('an answer and every look-up have the tags', async () => {
    const fake = await startFakeLlm({ behave: tagged, ...(wire && { wire }) });
    await start(fake, { LLM_PROVIDER: vendor, LLM_TAGS: '5' });
    const tags = ['猫', '沙发'];
    expect((await classify()).body.data).toMatchObject({ category: 'pets', tags, inference_method: 'llm' });
    expect(fake.calls[0]?.prompt).toContain('"tags":[<up to 5 ');
    expect((await classify()).body).toMatchObject({ from_cache: true, data: { tags } });
    expect(
      (await post(`${app.url}/api/v1/classify/check-cache`, { image_hash: hash })).body.data.tags,
    ).toEqual(tags);
    const items = [{ index: 0, image_hash: hash, image_uri: '' }];
    const found = await post(`${app.url}/api/v2/classify/batch-check-cache`, { items });
    expect(found.body.results[0]).toMatchObject({ cached: true, tags });
    const image_metadata = JSON.stringify({ items: [{ index: 0, image_uri: '' }] });
    const form = formOf([
      { name: 'images', value: sampleBytes('cat.jpg') },
      { name: 'image_metadata', value: image_metadata },
    ]);
    expect((await post(`${app.url}/api/v2/classify/batch`, form)).body.results[0]).toMatchObject({ tags });
    expect(fake.calls).toHaveLength(1);
    await fake.close();
  });
});

longTest(
  'LLM_TAGS leaves earlier results valid, and photos that the local model answers have no tags',
  async () => {
    const fake = await startFakeLlm({ behave: tagged });
    const SQLITE_FILE = join(folder, 'kept.db');
    await start(fake, { SQLITE_FILE });
    expect((await classify()).body.data).not.toHaveProperty('tags');
    expect(fake.calls[0]?.prompt).not.toContain('tags');
    await app.close();
    await start(fake, { SQLITE_FILE, LLM_TAGS: '3' });
    const earlier = (await classify()).body;
    expect(earlier).toMatchObject({ from_cache: true, data: { category: 'pets' } });
    expect(earlier.data).not.toHaveProperty('tags');
    expect(fake.calls).toHaveLength(1);
    fake.behave({ status: 400, body: {} });
    const local = (await classify('coffee.jpg')).body.data;
    expect(local).toMatchObject({ category: 'foods', inference_method: 'local' });
    expect(local).not.toHaveProperty('tags');
    await fake.close();
  },
);
