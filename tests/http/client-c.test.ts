import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FormPart, formOf, post, type Sample, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { formBody } from '../support/raw-request.ts';

let fake: FakeLlm;
let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  fake = await startFakeLlm();
  app = await startApp({ LLM_BASE_URL: fake.baseUrl, LLM_MODEL: 'eyes' });
});
afterAll(async () => {
  await app.close();
  await fake.close();
});

const hashOf = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const photo = (name: Sample): FormPart => ({ name: 'images', value: sampleBytes(name) });
const photos = [photo('cat.jpg'), photo('coffee.jpg'), photo('pagoda.jpg')];
const itemsFor = (count: number, hashes: unknown[] = []) =>
  Array.from({ length: count }, (_, index) => ({
    index,
    image_uri: `file:///${index}.jpg`,
    ...(hashes[index] !== undefined && { image_hash: hashes[index] }),
  }));
const metadata = (count: number, hashes?: unknown[]): FormPart => ({
  name: 'image_metadata',
  value: JSON.stringify({ items: itemsFor(count, hashes), user_id: 'carol' }),
});
const url = (path: string) => `${app.url}${path}`;

function typed({ name, value }: FormPart, parts: FormPart[]): FormData {
  const form = formOf(parts);
  form.append(name, new Blob([value], { type: 'application/json' }));
  return form;
}

/** All of a form but its last bytes; they go when the function returned is called. */
function sentSlowly(path: string, body: Buffer, headers: Record<string, string>) {
  const { promise: status, resolve, reject } = Promise.withResolvers<number | undefined>();
  const length = { 'content-length': String(body.length) };
  const sent = request(url(path), { method: 'POST', headers: { ...headers, ...length } }, (response) => {
    response.resume().once('end', () => resolve(response.statusCode));
  });
  sent.once('error', reject);
  sent.write(body.subarray(0, -20));
  return () => {
    sent.end(body.subarray(-20));
    return status;
  };
}

describe('a batch of three photos with metadata for one', () => {
  test.each([
    ['first', () => formOf([metadata(1), ...photos])],
    ['last', () => formOf([...photos, metadata(1)])],
    ['labelled as JSON', () => typed(metadata(1), photos)],
  ])('that comes %s is refused, and costs no call', async (_, form) => {
    const { status, body } = await post(url('/api/v2/classify/batch'), form());
    expect([status, body.code]).toEqual([400, 'counts_differ']);
    expect(fake.requestCount).toBe(0);
  });

  test.each([1, 3])('asks no LLM while the form is on its way (%i items)', async (count) => {
    const before = fake.requestCount;
    const { body, headers } = await formBody(formOf([metadata(count), ...photos]));
    const finish = sentSlowly('/api/v2/classify/batch', body, headers);
    // Joins the decode of a photo of the form: when this is answered, the other could have been asked about.
    for (const { value } of photos)
      await post(url('/api/v1/local-classify'), formOf([{ name: 'image', value }]));
    expect(fake.requestCount).toBe(before);
    expect(await finish()).toBe(count === 3 ? 200 : 400);
    expect(fake.requestCount).toBe(count === 3 ? before + 3 : before);
  });
});

describe('a hash that is none', () => {
  const known = hashOf(sampleBytes('cat.jpg'));
  const lists = ['', 'abc', 'g'.repeat(64), known, `${known}0`, known.toUpperCase()];
  const cached = [false, false, false, true, false, true];

  test('is a miss in a list, which is answered for the others', async () => {
    await post(url('/api/v2/classify/batch'), formOf([metadata(1), photo('cat.jpg')]));
    const v1 = await post(url('/api/v1/classify/batch-check-cache'), { image_hashes: lists });
    expect(v1.status).toBe(200);
    expect(v1.body.items.map((item: { cached: boolean }) => item.cached)).toEqual(cached);
    expect(v1.body.items.map((item: { image_hash: string }) => item.image_hash)).toEqual(lists);
    const v2 = await post(url('/api/v2/classify/batch-check-cache'), {
      items: [...lists, null].map((image_hash, index) => ({ index, image_uri: '', image_hash })),
    });
    expect(v2.status).toBe(200);
    expect(v2.body.results.map((item: { cached: boolean }) => item.cached)).toEqual([...cached, false]);
    expect(v2.body.results[6]).toEqual({ index: 6, image_uri: '', cached: false });
  });

  test('claims nothing in a batch, whose other photos are claimed', async () => {
    const own = hashOf('the file on the phone');
    const form = formOf([metadata(2, ['abc', own]), photo('cat.jpg'), photo('coffee.jpg')]);
    const { status, body } = await post(url('/api/v2/classify/batch'), form);
    expect(status).toBe(200);
    expect(body.summary.success_count).toBe(2);
    const { body: found } = await post(url('/api/v1/classify/batch-check-cache'), {
      image_hashes: [own],
      user_id: 'carol',
    });
    expect(found.cached_count).toBe(1);
  });

  test('is refused where it is asked for alone', async () => {
    const { status, body } = await post(url('/api/v1/classify/check-cache'), { image_hash: 'abc' });
    expect([status, body.code]).toEqual([400, 'invalid_hash']);
  });
});
