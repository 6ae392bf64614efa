import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(environment: Record<string, string> = {}) {
  const fake = await startFakeLlm();
  closers.push(() => fake.close());
  const app = await startApp({ LLM_BASE_URL: fake.baseUrl, LLM_MODEL: 'eyes', ...environment });
  closers.push(() => app.close());
  return { fake, app };
}

const distinct = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: 'images',
    value: Buffer.concat([sampleBytes('bank-card.jpg'), Buffer.from(String(index))]),
    filename: `${index}.jpg`,
  }));
const lines = { accept: 'application/x-ndjson' };
const linesOf = (body: string) =>
  body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a streamed batch', () => {
  test('counts on every line how far it is', async () => {
    const { app } = await start({ LLM_MAX_CONCURRENCY: '3' });
    const parts = [...distinct(4), { name: 'images', value: Buffer.from('words') }];
    const { body } = await post(`${app.url}/api/v1/classify/batch`, formOf(parts), lines);
    const items = linesOf(body).slice(0, -1);
    expect(items.map(({ progress }) => progress.finished)).toEqual([1, 2, 3, 4, 5]);
    expect(items.at(-1).progress).toMatchObject({
      received: 5,
      success_count: 4,
      fail_count: 1,
      cached_count: 0,
    });
    expect(items[0].progress.at_once).toBeGreaterThanOrEqual(3);
  });

  test('on v2 names every category and ends with the summary', async () => {
    const { app, fake } = await start();
    fake.behave({ content: { category: 'qrcode', confidence: 0.9 } });
    const items = [0, 1].map((index) => ({ index, image_uri: '' }));
    const form = formOf([...distinct(2), { name: 'image_metadata', value: JSON.stringify({ items }) }]);
    const { body } = await post(`${app.url}/api/v2/classify/batch`, form, lines);
    const [first, , last] = linesOf(body);
    expect(first).toMatchObject({ category: 'qrcode', inference_method: 'llm', progress: { finished: 1 } });
    expect(last).toMatchObject({ error_type: 'success', summary: { total_count: 2, llm_count: 2 } });
  });

  test('begins to answer when the form is complete, although a photo is finished earlier', async () => {
    const { app, fake } = await start();
    const form = new Response(formOf(distinct(2)));
    const bytes = Buffer.from(await form.arrayBuffer());
    const sent = request(`${app.url}/api/v1/classify/batch`, {
      method: 'POST',
      headers: { 'content-type': form.headers.get('content-type') ?? '', ...lines },
    });
    let hasAnswer = false;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    sent.on('error', reject).on('response', (response) => {
      hasAnswer = true;
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
    });
    sent.write(bytes.subarray(0, -100));
    await fake.received(1);
    const first = createHash('sha256').update(distinct(2)[0]?.value ?? '');
    const hash = first.digest('hex');
    const isStored = () => app.services.cache.find(hash).then((found) => found !== undefined);
    await expect.poll(isStored).toBe(true);
    expect(hasAnswer).toBe(false);
    sent.end(bytes.subarray(-100));
    expect(linesOf(await promise)).toHaveLength(3);
  });

  test('whose client goes away is paid for once when it comes back', async () => {
    const { app, fake } = await start({ LLM_MAX_CONCURRENCY: '4' });
    const release = fake.hold();
    const parts = distinct(10);
    const form = new Response(formOf(parts));
    const gone = request(`${app.url}/api/v1/classify/batch`, {
      method: 'POST',
      headers: { 'content-type': form.headers.get('content-type') ?? '', ...lines },
    });
    gone.on('error', () => {});
    gone.end(Buffer.from(await form.arrayBuffer()));
    await fake.received(4);
    gone.destroy();
    setTimeout(release, 100);
    const { body } = await post(`${app.url}/api/v1/classify/batch`, formOf(parts));
    expect(body.success_count).toBe(10);
    expect(fake.calls).toHaveLength(10);
  });
});
