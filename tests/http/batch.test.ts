import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FormPart, formOf, post, type Sample, sampleBytes, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ MAX_IMAGE_SIZE_MB: '1', MAX_BATCH_SIZE_MB: '6' });
});
afterAll(() => app.close());

const part = (name: Sample, filename: string = name): FormPart => ({
  name: 'images',
  value: sampleBytes(name),
  filename,
});
const fakeHash = (text: string) => createHash('sha256').update(text).digest('hex');
const batch = (parts: FormPart[], headers = {}) =>
  post(`${app.url}/api/v1/classify/batch`, formOf(parts), headers);
const isCached = async (image_hash: string, user: string) =>
  (await post(`${app.url}/api/v1/classify/check-cache`, { image_hash }, { 'x-user-id': user })).body.cached;

describe('POST /api/v1/classify/batch', () => {
  test('one corrupt photo among twenty: nineteen answers and one error, in order', async () => {
    const names: Sample[] = ['cat.jpg', 'coffee.jpg', 'pagoda.jpg', 'screenshot.jpg'];
    const parts = Array.from({ length: 20 }, (_, index) =>
      part(names[index % 4] ?? 'cat.jpg', `照片${index}.jpg`),
    );
    parts[7] = {
      name: 'images',
      value: sampleBytes('flower.jpg').subarray(0, 30_000),
      filename: '照片7.jpg',
    };
    const { status, body } = await batch(parts);
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, total: 20, success_count: 19, fail_count: 1 });
    body.items.forEach((item: { index: number; filename: string }, index: number) => {
      expect(item.index).toBe(index);
      expect(item.filename).toBe(`照片${index}.jpg`);
    });
    expect(body.items[7]).toMatchObject({ success: false, error_code: 'truncated_image', from_cache: false });
    expect(body.items[7]).not.toHaveProperty('data');
    expect(body.items[4].data.category).toBe('pets');
    expect(body.items[4]).not.toHaveProperty('error');
  });

  test('a photo over the file limit is its own item’s error, and all failing is still 200', async () => {
    const value = Buffer.concat([sampleBytes('cat.jpg'), Buffer.alloc(1_000_001)]);
    const mixed = await batch([part('cat.jpg'), { name: 'images', value }, part('coffee.jpg')]);
    expect(mixed.status).toBe(200);
    expect(mixed.body.items.map((item: { success: boolean }) => item.success)).toEqual([true, false, true]);
    expect(mixed.body.items[1].error_code).toBe('file_too_large');
    const alone = await batch([{ name: 'images', value }]);
    expect(alone.status).toBe(200);
    expect(alone.body).toMatchObject({ success: true, total: 1, success_count: 0, fail_count: 1 });
  });

  test('hashes pair by position where there are as many as photos, first or last in the form', async () => {
    const hashes = ['first', 'second'].map(fakeHash);
    const list = { name: 'image_hashes', value: JSON.stringify(hashes) };
    await batch([list, part('cat.jpg'), part('coffee.jpg')], { 'x-user-id': 'front' });
    await batch([part('cat.jpg'), part('coffee.jpg'), list], { 'x-user-id': 'back' });
    for (const user of ['front', 'back'])
      for (const hash of hashes) expect(await isCached(hash, user)).toBe(true);
  });

  test('a list shorter than the photos says nothing about any of them', async () => {
    const list = { name: 'image_hashes', value: JSON.stringify([fakeHash('short')]) };
    const { status } = await batch([part('cat.jpg'), part('coffee.jpg'), list], { 'x-user-id': 'short' });
    expect(status).toBe(200);
    expect(await isCached(fakeHash('short'), 'short')).toBe(false);
  });

  test('no photo, too many photos and a list that is none are refused', async () => {
    expect((await batch([{ name: 'image_hashes', value: '[]' }])).body.code).toBe('missing_part');
    const many = Array.from({ length: 21 }, () => part('bank-card.jpg'));
    expect((await batch(many)).body.code).toBe('too_many_items');
    const noList = await batch([part('cat.jpg'), { name: 'image_hashes', value: 'abc' }]);
    expect([noList.status, noList.body.code]).toEqual([400, 'malformed_body']);
  });

  test('a body over its limit is refused with 413 and the connection closes', async () => {
    const parts = Array.from({ length: 8 }, () => ({ name: 'images', value: Buffer.alloc(999_000) }));
    const { status, body, headers } = await batch(parts);
    expect([status, body.code]).toEqual([413, 'body_too_large']);
    expect(headers.get('connection')).toBe('close');
  });

  test('NDJSON is a line per photo as it is finished, then the totals', async () => {
    const parts = [part('cat.jpg'), { name: 'images', value: Buffer.from('words') }, part('coffee.jpg')];
    const { status, body, headers } = await batch(parts, { accept: 'application/x-ndjson' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('application/x-ndjson');
    const lines = body
      .trim()
      .split('\n')
      .map((line: string) => JSON.parse(line));
    expect(lines).toHaveLength(4);
    expect(
      lines
        .slice(0, 3)
        .map((line: { index: number }) => line.index)
        .sort(),
    ).toEqual([0, 1, 2]);
    expect(lines[3]).toMatchObject({ success: true, total: 3, success_count: 2, fail_count: 1 });
  });
});

describe('POST /api/v2/classify/batch', () => {
  const v2 = (parts: FormPart[], headers = {}) =>
    post(`${app.url}/api/v2/classify/batch`, formOf(parts), headers);
  const metadata = (value: unknown): FormPart => ({ name: 'image_metadata', value: JSON.stringify(value) });

  test('answers flat, by position, with the caller’s own index and address', async () => {
    const items = [
      { index: 5, image_uri: 'file:///a.jpg', image_hash: fakeHash('v2 a') },
      { index: 3, image_uri: 'file:///b.jpg', image_hash: null },
      { index: 9, image_uri: 'file:///c.jpg' },
    ];
    const broken = { name: 'images', value: Buffer.from('words') };
    const { status, body } = await v2(
      [
        part('qr-poster.jpg'),
        part('coffee.jpg'),
        broken,
        metadata({ items, user_id: 'carol', prompt: null }),
      ],
      { 'x-user-id': '' },
    );
    expect(status).toBe(200);
    expect(body.error_type).toBe('success');
    expect(body.results.map((result: { index: number }) => result.index)).toEqual([5, 3, 9]);
    expect(body.results[0]).toMatchObject({ image_uri: 'file:///a.jpg', category: 'qrcode' });
    expect(body.results[1].category).toBe('foods');
    expect(body.results[2].error).toEqual(expect.any(String));
    expect(body.results[2]).not.toHaveProperty('category');
    expect(body.results[2].inference_method).toBe('local');
    expect(body.summary).toMatchObject({ total_count: 3, success_count: 2, failed_count: 1, llm_count: 0 });
    expect(await isCached(fakeHash('v2 a'), 'carol')).toBe(true);
  });

  test('is booked for the user whom the metadata names, who may come last, and can be forgotten', async () => {
    const items = ['a', 'b'].map((image_uri, index) => ({ index, image_uri }));
    const broken = { name: 'images', value: Buffer.from('words') };
    await v2([part('cat.jpg'), broken, metadata({ items, user_id: 'dora' })]);
    await v2([metadata({ items, user_id: 'dora' }), part('cat.jpg'), broken]);
    await app.services.stats.flush();
    const { body } = await post(`${app.url}/api/v1/forget`, { user_id: 'dora' });
    expect(body.deleted).toMatchObject({ photos: 4, requests: 2 });
  });

  test('metadata labelled as JSON is understood, before or after the photos', async () => {
    const json = { ...metadata({ items: [{ index: 0, image_uri: 'u' }] }) };
    const form = formOf([part('cat.jpg')]);
    form.append('image_metadata', new Blob([json.value as string], { type: 'application/json' }));
    const { status, body } = await post(`${app.url}/api/v2/classify/batch`, form);
    expect(status).toBe(200);
    expect(body.results[0].category).toBe('pets');
  });

  test.each([
    [
      'more items than photos',
      [
        metadata({
          items: [
            { index: 0, image_uri: 'u' },
            { index: 1, image_uri: 'v' },
          ],
        }),
      ],
      'counts_differ',
    ],
    ['no metadata', [], 'missing_part'],
    ['metadata that is no JSON', [{ name: 'image_metadata', value: '{' }], 'malformed_body'],
  ])('%s is refused', async (_, parts, code) => {
    const { status, body } = await v2([part('cat.jpg'), ...parts]);
    expect([status, body.code]).toEqual([400, code]);
  });

  test('batch-check-cache answers in the order asked', async () => {
    await batch([part('cat.jpg')]);
    const hash = createHash('sha256').update(sampleBytes('cat.jpg')).digest('hex');
    const { status, body } = await post(`${app.url}/api/v2/classify/batch-check-cache`, {
      items: [
        { index: 4, image_hash: 'e'.repeat(64), image_uri: 'x' },
        { index: 2, image_hash: hash, image_uri: 'y' },
      ],
      user_id: null,
    });
    expect(status).toBe(200);
    expect(body.error_type).toBe('success');
    expect(body.results[0]).toEqual({ index: 4, image_uri: 'x', image_hash: 'e'.repeat(64), cached: false });
    expect(body.results[1]).toMatchObject({ index: 2, image_uri: 'y', cached: true, category: 'pets' });
    expect(body.summary).toEqual({ total: 2, cached_count: 1, miss_count: 1 });
  });
});
