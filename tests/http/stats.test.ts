import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { formOf, get, post, type Sample, sampleBytes, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
afterEach(() => app.close());

test('every photo is booked once, whatever became of it', async () => {
  app = await startApp();
  const photo = (name: Sample) => ({ name: 'image', value: sampleBytes(name) });
  const upload = (name: Sample, user: string) =>
    post(`${app.url}/api/v1/classify`, formOf([photo(name)]), { 'x-user-id': user });
  const hash = createHash('sha256').update(sampleBytes('cat.jpg')).digest('hex');
  await upload('cat.jpg', 'alice');
  await upload('cat.jpg', 'bob');
  await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: Buffer.from('words') }]));
  await post(
    `${app.url}/api/v1/classify/batch-check-cache`,
    { image_hashes: [hash, 'a'.repeat(64), 'b'.repeat(64)] },
    { 'x-user-id': 'alice' },
  );
  await post(
    `${app.url}/api/v1/classify/batch`,
    formOf([
      { ...photo('coffee.jpg'), name: 'images' },
      { ...photo('cat.jpg'), name: 'images' },
    ]),
  );
  const { status, body } = await get(`${app.url}/api/v1/stats/today`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    requests: 5,
    lookups: 3,
    lookup_hits: 1,
    lookup_misses: 2,
    photos: 6,
    hits: 3,
    misses: 2,
    local: 2,
    llm: 0,
    failed: 1,
    hit_rate: 0.6,
    unique_users: 2,
  });
  expect(body.hits_by_kind.memory + body.hits_by_kind.store).toBe(3);
});

test('concurrent uploads add up', async () => {
  app = await startApp();
  const uploads = Array.from({ length: 60 }, (_, index) => {
    const value = Buffer.concat([sampleBytes('bank-card.jpg'), Buffer.from(String(index % 20))]);
    return post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value }]));
  });
  await Promise.all(uploads);
  const { body } = await get(`${app.url}/api/v1/stats/today`);
  expect(body.photos).toBe(60);
  expect(body.local).toBe(20);
  expect(body.hits).toBe(40);
});

test('without a token statistics answer direct loopback requests only', async () => {
  app = await startApp();
  const url = `${app.url}/api/v1/stats/today`;
  expect((await get(url)).status).toBe(200);
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
    const { status, body } = await get(url, { [header]: '127.0.0.1' });
    expect([status, body.code]).toEqual([403, 'forbidden']);
  }
});

test('with a token only its bearer may read them', async () => {
  app = await startApp({ OPS_TOKEN: 'let-me-in' });
  const url = `${app.url}/api/v1/stats/today`;
  for (const authorization of ['', 'Bearer wrong', 'Basic let-me-in', 'Bearer '])
    expect((await get(url, authorization ? { authorization } : {})).status).toBe(401);
  expect((await get(`${url}?token=let-me-in`)).status).toBe(401);
  expect((await get(url, { authorization: 'Bearer let-me-in' })).status).toBe(200);
});
