import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { formOf, get, post, type Sample, sampleBytes, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
afterEach(() => app.close());

const original = 'ab'.repeat(32);
const ops = { authorization: 'Bearer let-me-in' };
const as = (user: string) => ({ 'x-user-id': user });
const hashOf = (name: Sample) => createHash('sha256').update(sampleBytes(name)).digest('hex');
const upload = (name: Sample, headers = {}, image_hash = '') =>
  post(
    `${app.url}/api/v1/classify`,
    formOf([
      { name: 'image', value: sampleBytes(name) },
      { name: 'image_hash', value: image_hash },
    ]),
    headers,
  );
const check = (image_hash: string, headers = {}) =>
  post(`${app.url}/api/v1/classify/check-cache`, { image_hash }, headers);

describe('feedback', () => {
  const say = (image_hash: string, category: string, headers = {}) =>
    post(`${app.url}/api/v1/feedback`, { image_hash, category }, headers);

  test('changes the answers of its sender, by hash and by upload, and of no one else', async () => {
    app = await startApp({ OPS_TOKEN: 'let-me-in' });
    await upload('cat.jpg', as('anna'), original);
    await upload('cat.jpg', as('bert'), original);
    const { status, body } = await say(original, 'foods', as('anna'));
    expect([status, body.applied]).toEqual([200, true]);
    expect((await check(original, as('anna'))).body.data).toMatchObject({
      category: 'foods',
      confidence: 1,
      model: 'user',
    });
    expect((await check(hashOf('cat.jpg'), as('anna'))).body.data.category).toBe('foods');
    expect((await upload('cat.jpg', as('anna'))).body.data.category).toBe('foods');
    expect((await check(original, as('bert'))).body.data.category).toBe('pets');
    expect((await check(hashOf('cat.jpg'), as('bert'))).body.data.category).toBe('pets');
    expect((await upload('cat.jpg', as('bert'))).body.data.category).toBe('pets');
    const listed = await get(`${app.url}/api/v1/feedback`, ops);
    expect(listed.body.items).toMatchObject([{ image_hash: original, category: 'foods', answered: 'pets' }]);
    expect(JSON.stringify(listed.body)).not.toContain('anna');
    expect((await get(`${app.url}/api/v1/feedback`)).status).toBe(401);
  });

  test('on a photo that its sender does not know is refused and stored nowhere, and so is an unknown category', async () => {
    app = await startApp({ OPS_TOKEN: 'let-me-in' });
    await upload('cat.jpg', as('bert'), original);
    const refused = await say(original, 'foods', as('anna'));
    expect([refused.status, refused.body]).toEqual([
      404,
      expect.objectContaining({ code: 'not_found', detail: expect.stringContaining('image_hash') }),
    ]);
    expect((await get(`${app.url}/api/v1/feedback`, ops)).body.items).toEqual([]);
    const { status, body } = await say(original, 'nonsense', as('bert'));
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect((await say(original, 'foods', as('bert'))).body).toMatchObject({ success: true, applied: true });
    expect((await say(hashOf('cat.jpg'), 'foods', as('anna'))).body).toMatchObject({ applied: true });
  });
});

describe('claimed hashes', () => {
  const people = ['anna', 'bert', 'dora'].map((user, at) => ({
    ...as(user),
    'x-forwarded-for': `203.0.${at}.1`,
  }));
  const stranger = { ...as('cleo'), 'x-forwarded-for': '198.51.100.1' };

  test('answer those who claimed them, however many do', async () => {
    app = await startApp({ TRUST_PROXY: '127.0.0.1/32' });
    for (const headers of people) await upload('coffee.jpg', headers, original);
    expect((await check(original, stranger)).body.cached).toBe(false);
    expect((await check(original, people[0])).body.data.category).toBe('foods');
    expect((await get(`${app.url}/api/v1/health`)).body).not.toHaveProperty('claims');
  });

  test('answer everybody with CLAIM_TRUST=all, which operators are told', async () => {
    app = await startApp({ TRUST_PROXY: '127.0.0.1/32', CLAIM_TRUST: 'all' });
    for (const headers of people) await upload('coffee.jpg', headers, original);
    expect((await check(original, stranger)).body.data.category).toBe('foods');
    await upload('cat.jpg', stranger, original);
    expect((await check(original, as('stranger'))).body.data.category).toBe('pets');
    expect((await check(original, people[0])).body.data.category).toBe('foods');
    expect((await get(`${app.url}/api/v1/health`)).body).toMatchObject({
      status: 'healthy',
      claims: 'anybody',
    });
    expect(app.services.state()).toMatchObject({ claimTrust: 'all' });
  });
});

describe('forgetting', () => {
  const forget = (body: object, headers = {}) => post(`${app.url}/api/v1/forget`, body, headers);

  test('a user takes what it claimed and did, and says how much', async () => {
    app = await startApp({ OPS_TOKEN: 'let-me-in' });
    await upload('cat.jpg', as('anna'), original);
    await check(original, as('anna'));
    await upload('cat.jpg', as('bert'), original);
    expect((await forget({ user_id: 'anna' })).status).toBe(401);
    const { status, body } = await forget({ user_id: 'anna' }, ops);
    expect(status).toBe(200);
    expect(body.deleted).toEqual({
      ...{ results: 0, claims: 1, feedback: 0, fingerprints: 0, photos: 1, requests: 2, days: 1 },
      refusals: 0,
    });
    expect((await check(original, as('anna'))).body.cached).toBe(false);
    expect((await check(original, as('bert'))).body.cached).toBe(true);
  });

  test('a photo is gone from memory at once', async () => {
    app = await startApp();
    await upload('cat.jpg', as('anna'), original);
    const { body } = await forget({ image_hash: hashOf('cat.jpg') });
    expect(body.deleted).toMatchObject({ results: 1, claims: 1, photos: 1 });
    expect((await check(hashOf('cat.jpg'))).body.cached).toBe(false);
    expect((await check(original, as('anna'))).body.cached).toBe(false);
  });

  test('goes by time too, and by exactly one thing', async () => {
    app = await startApp();
    await upload('cat.jpg');
    expect((await forget({ before: '2020-01-01T00:00:00Z' })).body.deleted.results).toBe(0);
    expect((await forget({ before: '2999-01-01T00:00:00Z' })).body.deleted.results).toBe(1);
    for (const body of [{}, { user_id: 'a', image_hash: original }, { before: 'soon' }, { everything: true }])
      expect((await forget(body)).status).toBe(400);
  });
});

test('what the cache holds is told to operators', async () => {
  app = await startApp();
  await upload('cat.jpg', as('anna'), original);
  const { body } = await get(`${app.url}/api/v1/stats/cache`);
  expect(body).toMatchObject({
    results: 1,
    claims: 1,
    feedback: 0,
    versions: [{ results: 1 }],
  });
});
