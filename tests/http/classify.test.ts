import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { formOf, post, type Sample, sampleBytes, samples, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const photo = (name: Sample) => ({ name: 'image', value: sampleBytes(name) });
const classify = (name: Sample, headers = {}) =>
  post(`${app.url}/api/v1/classify`, formOf([photo(name)]), headers);

describe('POST /api/v1/classify', () => {
  test.each(Object.entries(samples))('%s is %s', async (name, category) => {
    const { status, body } = await classify(name as Sample);
    expect(status).toBe(200);
    // Clients A and B know no card for QR codes.
    expect(body.data.category).toBe(category === 'qrcode' ? 'other' : category);
    expect(body.data.confidence).toBeGreaterThan(0);
    expect(body.data.confidence).toBeLessThanOrEqual(1);
    expect(body.data).toMatchObject({ inference_method: 'local', model: 'album9@1.1.0', degraded: false });
    const [title, sentence] = body.data.description.split('：');
    expect(title).toBe(readTaxonomy().categories.find(({ key }) => key === category)?.zh);
    expect(sentence).toMatch(/^.+。$/);
    expect(body).toMatchObject({ success: true, from_cache: false });
    expect(body.request_id).toMatch(/^req_\d{10}_[0-9a-f]{12}$/);
    expect(Date.parse(body.timestamp)).not.toBeNaN();
  });

  test('the same bytes again come from the cache, also by /classify', async () => {
    const first = await classify('cat.jpg');
    const { status, body, headers } = await post(`${app.url}/classify`, formOf([photo('cat.jpg')]));
    expect(status).toBe(200);
    expect(body.from_cache).toBe(true);
    expect(body.data).toMatchObject({ category: 'pets', inference_method: 'cache' });
    expect(body.data.confidence).toBe(first.body.data.confidence);
    expect(headers.get('x-request-id')).toBe(body.request_id);
  });

  test('a file name and a label that lie change nothing', async () => {
    const parts = [{ name: 'image', value: sampleBytes('cat.jpg'), filename: '猫.txt', type: 'text/plain' }];
    const { body } = await post(`${app.url}/api/v1/classify`, formOf(parts));
    expect(body.data.category).toBe('pets');
  });

  test.each([
    ['a text', Buffer.from('not an image at all, just words'), 415, 'unsupported_format'],
    ['nothing', Buffer.alloc(0), 415, 'unsupported_format'],
    ['half a photo', sampleBytes('cat.jpg').subarray(0, 20_000), 422, 'truncated_image'],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, 'unsupported_format'],
  ])('%s is refused with the right status', async (_, value, status, code) => {
    const reply = await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value }]));
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(reply.body).toMatchObject({ status, code });
    expect(reply.body.request_id).toMatch(/^req_/);
  });

  test('a form without the photo, and a body that is no form, are the caller’s errors', async () => {
    const empty = await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image_hash', value: 'x' }]));
    expect([empty.status, empty.body.code]).toEqual([400, 'missing_part']);
  });

  test.each([
    ['/classify', 'image'],
    ['/api/v1/classify', 'image'],
    ['/api/v1/local-classify', 'image'],
    ['/api/v1/classify/batch', 'images'],
    ['/api/v2/classify/batch', 'images'],
  ])('a body for %s that is no form is told which form is wanted', async (path, field) => {
    const send = async (type: string | undefined, body: string | Uint8Array<ArrayBuffer>) => {
      const headers = type === undefined ? undefined : { 'content-type': type };
      const response = await fetch(app.url + path, { method: 'POST', body, ...(headers && { headers }) });
      return (await response.json()) as { status: number; code: string; detail: string };
    };
    const bytes = sampleBytes('cat.jpg');
    const bodies: [string | undefined, string | Uint8Array<ArrayBuffer>][] = [
      ['image/jpeg', bytes],
      ['application/octet-stream', bytes],
      ['application/x-www-form-urlencoded', bytes],
      ['application/json', '{"image":"AAAA"}'],
      ['text/plain', 'photo'],
      [undefined, bytes],
    ];
    for (const [type, body] of bodies) {
      const { status, code, detail } = await send(type, body);
      expect([type, status, code]).toEqual([type, 415, 'unsupported_media_type']);
      expect(detail).toContain(`curl -F ${field}=@photo.jpg`);
    }
    const unbounded = await send('multipart/form-data', 'x');
    expect([unbounded.status, unbounded.code]).toEqual([400, 'malformed_body']);
    expect(unbounded.detail).toContain('boundary');
  });

  test('a look-up that is no JSON is told so', async () => {
    const { status, body } = await post(
      `${app.url}/api/v1/classify/check-cache`,
      { image_hash: 'a'.repeat(64) },
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
    expect(body.detail).toContain('application/json');
  });

  test('a claimed hash that is none is refused', async () => {
    const parts = [photo('cat.jpg'), { name: 'image_hash', value: 'abc' }];
    const { status, body } = await post(`${app.url}/api/v1/classify`, formOf(parts));
    expect([status, body.code]).toEqual([400, 'invalid_hash']);
  });
});

describe('POST /api/v1/classify/check-cache', () => {
  const check = (image_hash: string, headers = {}, extra = {}) =>
    post(`${app.url}/api/v1/classify/check-cache`, { image_hash, ...extra }, headers);

  test('finds bytes the service received, for every caller, in any case of letters', async () => {
    await classify('coffee.jpg');
    const hash = sha256(sampleBytes('coffee.jpg'));
    for (const asked of [hash, hash.toUpperCase()]) {
      const { status, body } = await check(asked, { 'x-user-id': 'another-user' });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        success: true,
        cached: true,
        from_cache: true,
        data: { category: 'foods' },
      });
    }
  });

  test('a miss is 200 with data null', async () => {
    const { status, body } = await check('0'.repeat(64));
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, cached: false, from_cache: false, data: null });
  });

  test('only its claimant finds a claimed hash', async () => {
    const original = sha256(Buffer.from('the original of the pagoda'));
    const parts = [{ name: 'image_hash', value: original }, photo('pagoda.jpg')];
    await post(`${app.url}/api/v1/classify`, formOf(parts), { 'x-user-id': 'alice' });
    expect((await check(original, { 'x-user-id': 'alice' })).body.cached).toBe(true);
    expect((await check(original, { 'x-user-id': '' }, { user_id: 'alice' })).body.cached).toBe(true);
    expect((await check(original, { 'x-user-id': 'mallory' }, { user_id: 'alice' })).body.cached).toBe(false);
    expect((await check(original)).body.cached).toBe(false);
  });

  test('without a user id the exact address is the claimant', async () => {
    const original = sha256(Buffer.from('an original without a user'));
    const parts = [photo('pagoda.jpg'), { name: 'image_hash', value: original }];
    await post(`${app.url}/api/v1/classify`, formOf(parts), { 'x-user-id': '' });
    expect((await check(original)).body.cached).toBe(true);
    expect((await check(original, { 'x-user-id': 'alice' })).body.cached).toBe(false);
  });

  test.each([
    [{}, 400, 'invalid_request'],
    [{ image_hash: 'xyz' }, 400, 'invalid_hash'],
    [{ image_hash: 7 }, 400, 'invalid_request'],
  ])('%j is refused', async (body, status, code) => {
    const reply = await post(`${app.url}/api/v1/classify/check-cache`, body);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });
});

describe('POST /api/v1/classify/batch-check-cache', () => {
  test('lists every position asked, misses and duplicates too, echoed byte for byte', async () => {
    await classify('cat.jpg');
    const hit = sha256(sampleBytes('cat.jpg')).toUpperCase();
    const miss = 'f'.repeat(64);
    const { status, body } = await post(`${app.url}/api/v1/classify/batch-check-cache`, {
      image_hashes: [miss, hit, hit, miss],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, total: 4, cached_count: 2 });
    expect(body.items.map((item: { image_hash: string }) => item.image_hash)).toEqual([miss, hit, hit, miss]);
    expect(body.items.map((item: { cached: boolean }) => item.cached)).toEqual([false, true, true, false]);
    expect(body.items[0].data).toBeNull();
    expect(body.items[1].data.category).toBe('pets');
  });

  test('more than a hundred are too many', async () => {
    const image_hashes = Array.from({ length: 101 }, () => 'a'.repeat(64));
    const { status, body } = await post(`${app.url}/api/v1/classify/batch-check-cache`, { image_hashes });
    expect([status, body.code]).toEqual([400, 'too_many_items']);
  });
});

describe('POST /api/v1/local-classify', () => {
  const golden = JSON.parse(readFileSync('models/album9/manifest.json', 'utf8'));

  test.each([['cat.jpg'], ['pagoda.jpg'], ['screenshot.jpg'], ['bank-card.jpg']] as const)(
    '%s comes out within 0.02 of the golden probabilities',
    async (name) => {
      const { body } = await post(`${app.url}/api/v1/local-classify`, formOf([photo(name)]));
      const expected = golden.golden.cases.find(({ input }: { input: string }) =>
        input.includes(name.replace('.jpg', '.png')),
      ).probabilities;
      golden.labels.forEach((label: string, index: number) => {
        expect(Math.abs(body.data.scores[label] - expected[index])).toBeLessThanOrEqual(0.02);
      });
    },
  );

  test('a QR code is told as other to v1, both probabilities added, while scores list all nine', async () => {
    const { body } = await post(`${app.url}/api/v1/local-classify`, formOf([photo('qr-poster.jpg')]));
    const { scores, category, confidence } = body.data;
    expect(category).toBe('other');
    expect(Object.keys(scores)).toHaveLength(9);
    expect(confidence).toBeCloseTo(scores.qrcode + scores.other, 3);
    expect(scores.qrcode).toBeGreaterThan(0.5);
  });

  test('stores nothing', async () => {
    const value = Buffer.concat([sampleBytes('cat.jpg'), Buffer.from('kept nowhere')]);
    await post(`${app.url}/api/v1/local-classify`, formOf([{ name: 'image', value }]));
    const { body } = await post(`${app.url}/api/v1/classify/check-cache`, { image_hash: sha256(value) });
    expect(body.cached).toBe(false);
  });
});
