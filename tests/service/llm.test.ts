import { afterEach, describe, expect, test } from 'vitest';
import { type FormPart, formOf, post, type Sample, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(environment: Record<string, string> = {}, llm?: FakeLlm) {
  const fake = llm ?? (await startFakeLlm());
  if (!llm) closers.push(() => fake.close());
  const app = await startApp({
    LLM_BASE_URL: fake.baseUrl,
    LLM_API_KEY: 'sk-test',
    LLM_MODEL: 'eyes',
    ...environment,
  });
  closers.push(() => app.close());
  const classify = (name: Sample, extra: FormPart[] = []) =>
    post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes(name) }, ...extra]));
  return { fake, app, classify };
}

/** A different photo each: bytes behind the end of a JPEG are no part of the picture. */
function distinct(name: Sample, count: number) {
  return Array.from({ length: count }, (_, index) =>
    Buffer.concat([sampleBytes(name), Buffer.from(`#${index}`)]),
  );
}

describe('a photo that the LLM is asked about', () => {
  test('is paid for once and remembered', async () => {
    const { fake, classify } = await start();
    fake.behave({ content: { category: 'foods', confidence: 0.8, description: '一杯咖啡。' } });
    const first = await classify('coffee.jpg');
    expect(first.body.data).toEqual({
      category: 'foods',
      confidence: 0.8,
      description: '一杯咖啡。',
      background_color: '橙色',
      inference_method: 'llm',
      model: 'eyes',
      degraded: false,
    });
    const second = await classify('coffee.jpg');
    expect(second.body).toMatchObject({
      from_cache: true,
      data: { description: '一杯咖啡。', inference_method: 'cache' },
    });
    expect(fake.calls).toHaveLength(1);
  });

  test('goes out as a small JPEG without metadata', async () => {
    const { fake, classify } = await start();
    await classify('pagoda.jpg');
    const jpeg = fake.calls[0]?.jpeg ?? Buffer.alloc(0);
    expect(jpeg.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    expect(jpeg.includes('Exif')).toBe(false);
    expect(jpeg.length).toBeLessThan(sampleBytes('pagoda.jpg').length);
  });

  test('costs one call however many upload it at once', async () => {
    const { fake, classify } = await start();
    const release = fake.hold();
    const uploads = Array.from({ length: 100 }, () => classify('cat.jpg'));
    await fake.received(1);
    setTimeout(release, 300);
    const replies = await Promise.all(uploads);
    expect(fake.calls).toHaveLength(1);
    expect(replies.every(({ status, body }) => status === 200 && body.data.category === 'pets')).toBe(true);
    expect(replies.filter(({ body }) => body.data.inference_method === 'llm')).toHaveLength(1);
  });
});

describe('when the LLM can’t answer', () => {
  longTest('the local model does, says so, and makes way for the LLM later', async () => {
    const { fake, classify } = await start({ PROVISIONAL_TTL: '0' });
    fake.behave({ status: 500, body: {} });
    const degraded = await classify('cat.jpg');
    expect(degraded.status).toBe(200);
    expect(degraded.body.data).toMatchObject({ category: 'pets', inference_method: 'local', degraded: true });
    fake.behave({ content: { category: 'pets', confidence: 0.9, description: '猫' } });
    const better = await classify('cat.jpg');
    expect(better.body.data).toMatchObject({ inference_method: 'llm', degraded: false });
    expect((await classify('cat.jpg')).body.data).toMatchObject({ inference_method: 'cache', model: 'eyes' });
  });

  test('a provisional answer is served from the cache for a while, marked as degraded', async () => {
    const { fake, classify } = await start();
    fake.behave({ status: 500, body: {} });
    await classify('cat.jpg');
    const calls = fake.requestCount;
    const again = await classify('cat.jpg');
    expect(again.body).toMatchObject({
      from_cache: true,
      data: { degraded: true, model: expect.stringMatching(/^album9@/) },
    });
    expect(fake.requestCount).toBe(calls);
  });

  test('a late answer is not waited for beyond the deadline, and kept all the same', async () => {
    const { fake, classify } = await start({ SINGLE_DEADLINE: '1.5', PROVISIONAL_TTL: '0' });
    const release = fake.hold();
    const late = await classify('coffee.jpg');
    expect(late.body.data).toMatchObject({ category: 'foods', inference_method: 'local', degraded: true });
    release();
    await fake.idle();
    await expect.poll(async () => (await classify('coffee.jpg')).body.data.model).toBe('eyes');
    expect(fake.calls).toHaveLength(1);
  });

  test('llm-only says that no model can answer', async () => {
    const { fake, classify } = await start({ STRATEGY: 'llm-only', SINGLE_DEADLINE: '3' });
    fake.behave({ status: 401, body: {} });
    const { status, body, headers } = await classify('cat.jpg');
    expect([status, body.code]).toEqual([503, 'no_classifier']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toContain('sk-test');
  });

  test('a faulty photo is refused, and no model is asked', async () => {
    const { fake, app } = await start();
    const value = sampleBytes('cat.jpg').subarray(0, 15_000);
    const { status } = await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value }]));
    expect(status).toBe(422);
    expect(fake.requestCount).toBe(0);
  });
});

describe('with the local model first', () => {
  test('if it is sure, the LLM is not asked, and the answer is full and lasting', async () => {
    const { fake, classify } = await start({
      STRATEGY: 'local-first',
      LOCAL_SURE: 'pets:0.1',
      PROVISIONAL_TTL: '0',
    });
    const sure = { category: 'pets', degraded: false };
    expect((await classify('cat.jpg')).body.data).toMatchObject({ ...sure, inference_method: 'local' });
    expect((await classify('cat.jpg')).body).toMatchObject({ from_cache: true, data: sure });
    expect(fake.requestCount).toBe(0);
  });

  test('where it is not, the LLM is', async () => {
    const { fake, classify } = await start({ STRATEGY: 'local-first', LOCAL_SURE: 'pets:1' });
    expect((await classify('cat.jpg')).body.data).toMatchObject({ model: 'eyes', inference_method: 'llm' });
    expect(fake.requestCount).toBe(1);
  });

  test('a threshold for a category that does not exist is refused at the start', async () => {
    await expect(start({ STRATEGY: 'local-first', LOCAL_SURE: 'petz:0.5' })).rejects.toThrow(
      'LOCAL_SURE: there is no category petz',
    );
  });
});

describe('a batch', () => {
  test('has several calls in flight, never more than the limit', async () => {
    const { fake, app } = await start({ LLM_MAX_CONCURRENCY: '5' });
    const release = fake.hold();
    const parts = distinct('bank-card.jpg', 20).map((value) => ({ name: 'images', value }));
    const reply = post(`${app.url}/api/v1/classify/batch`, formOf(parts));
    await fake.received(5);
    release();
    const { body } = await reply;
    expect(body.success_count).toBe(20);
    expect(fake.calls).toHaveLength(20);
    expect(fake.maxConcurrent).toBe(5);
  });

  longTest('answers by its deadline with local answers for those the LLM did not get to', async () => {
    const { fake, app } = await start({ LLM_MAX_CONCURRENCY: '2', BATCH_DEADLINE: '6' });
    fake.hold();
    const parts = distinct('cat.jpg', 6).map((value) => ({ name: 'images', value }));
    const { body } = await post(`${app.url}/api/v1/classify/batch`, formOf(parts));
    expect(body.success_count).toBe(6);
    expect(body.items.every((item: { data: { degraded: boolean } }) => item.data.degraded)).toBe(true);
  });
});

test('a local answer from before a key was configured makes way for the LLM', async () => {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const folder = mkdtempSync('/tmp/album-key-');
  closers.push(async () => rmSync(folder, { recursive: true }));
  const SQLITE_FILE = `${folder}/album.db`;
  const before = await startApp({ SQLITE_FILE });
  const form = () => formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]);
  await post(`${before.url}/api/v1/classify`, form());
  await before.close();
  const { fake, classify } = await start({ SQLITE_FILE, PROVISIONAL_TTL: '0' });
  expect((await classify('cat.jpg')).body.data.inference_method).toBe('llm');
  expect(fake.calls).toHaveLength(1);
});
