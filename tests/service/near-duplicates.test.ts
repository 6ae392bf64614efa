import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterEach, describe, expect, test } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { areDuplicates, fingerprintOf } from '../support/pictures/fingerprint.ts';
import { hybridOf } from '../support/pictures/hybrid.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let fake: FakeLlm;
afterEach(async () => {
  await app.close();
  await fake.close();
});

const saying = (category: string) => ({ content: { category, confidence: 0.9, description: category } });

async function start(environment: Record<string, string> = {}): Promise<void> {
  fake = await startFakeLlm({ behave: saying('pets') });
  app = await startApp({ LLM_BASE_URL: fake.baseUrl, LLM_MODEL: 'eyes', ...environment });
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const by = (user: string) => ({ 'x-user-id': user });
const photo = (bytes: Buffer) => Buffer.from(bytes);

async function classify(bytes: Buffer, headers: Record<string, string> = by('anna'), image_hash = '') {
  const parts = [
    { name: 'image', value: photo(bytes) },
    { name: 'image_hash', value: image_hash },
  ];
  return (await post(`${app.url}/api/v1/classify`, formOf(parts), headers)).body;
}

const lookUp = async (image_hash: string, headers: Record<string, string> = by('anna')) =>
  (await post(`${app.url}/api/v1/classify/check-cache`, { image_hash }, headers)).body;

const cat = sampleBytes('cat.jpg');
const copyOf = (bytes: Buffer, widthPx = 300) =>
  sharp(bytes).resize(widthPx).jpeg({ quality: 60 }).toBuffer();

describe('a copy in the same album', () => {
  test('gets the answer of its original, and is found by both its hashes afterwards', async () => {
    await start();
    await classify(cat);
    const copy = await copyOf(cat);
    const original = sha256('the file on the phone');
    fake.behave(saying('foods'));
    expect(await classify(copy, by('anna'), original)).toMatchObject({
      from_cache: true,
      data: { category: 'pets', model: 'eyes', inference_method: 'cache', degraded: false },
    });
    for (const hash of [original, sha256(copy)])
      expect(await lookUp(hash)).toMatchObject({ cached: true, data: { category: 'pets' } });
    expect(fake.calls).toHaveLength(1);
  });

  test('gets the correction of its original, whether it came before or comes after', async () => {
    await start();
    await classify(cat);
    const [before, after] = [await copyOf(cat), await copyOf(cat, 260)];
    await classify(before);
    const feedback = { image_hash: sha256(cat), category: 'foods' };
    expect((await post(`${app.url}/api/v1/feedback`, feedback, by('anna'))).status).toBe(200);
    expect(await classify(after)).toMatchObject({ data: { category: 'foods', model: 'user' } });
    for (const copy of [before, after])
      expect(await lookUp(sha256(copy))).toMatchObject({ cached: true, data: { category: 'foods' } });
    expect(fake.calls).toHaveLength(1);
  });

  test('is everybody’s by nothing: others ask about it themselves', async () => {
    await start();
    await classify(cat);
    const copy = await copyOf(cat);
    await classify(copy);
    expect((await lookUp(sha256(copy), by('bert'))).cached).toBe(false);
    fake.behave(saying('foods'));
    expect(await classify(copy, by('bert'))).toMatchObject({
      from_cache: false,
      data: { category: 'foods' },
    });
    expect(fake.calls).toHaveLength(2);
  });

  test('that arrives together with its original costs one call', async () => {
    await start();
    const release = fake.hold();
    const copies = await Promise.all([220, 260, 300, 340].map((widthPx) => copyOf(cat, widthPx)));
    const images = [cat, ...copies, sampleBytes('coffee.jpg')].map((bytes) => ({
      name: 'images',
      value: photo(bytes),
    }));
    const batch = post(`${app.url}/api/v1/classify/batch`, formOf(images), by('anna'));
    await fake.received(2);
    release();
    const { body } = await batch;
    expect(body).toMatchObject({ total: 6, success_count: 6 });
    expect(fake.calls).toHaveLength(2);
  });

  test('is classified anew where an operator says so, and where it comes without a user id', async () => {
    await start({ OPS_TOKEN: 'let-me-in' });
    await classify(cat);
    const anew = { ...by('anna'), 'cache-control': 'no-cache', authorization: 'Bearer let-me-in' };
    expect((await classify(await copyOf(cat, 300), anew)).from_cache).toBe(false);
    await classify(cat, {});
    expect((await classify(await copyOf(cat, 280), {})).from_cache).toBe(false);
    expect((await classify(await copyOf(cat, 260))).from_cache).toBe(true);
    expect(fake.calls).toHaveLength(3);
  });

  test('is not answered by what only stands in', async () => {
    await start({ LLM_TRIES: '1' });
    fake.behave({ status: 500, body: {} });
    expect((await classify(cat)).data).toMatchObject({ inference_method: 'local', degraded: true });
    fake.behave(saying('foods'));
    expect((await classify(await copyOf(cat))).data).toMatchObject({ inference_method: 'llm' });
  });

  test('is one of those that operators see as near duplicates', async () => {
    await start({ OPS_TOKEN: 'let-me-in' });
    await classify(cat);
    await classify(await copyOf(cat));
    const headers = { authorization: 'Bearer let-me-in' };
    await expect
      .poll(async () => (await get(`${app.url}/api/v1/stats/today`, headers)).body.hits_by_kind?.near)
      .toBe(1);
    const { body: metrics } = await get(`${app.url}/metrics`, headers);
    expect(metrics).toMatch(/near_duplicates_total\{outcome="answered"\} 1/);
  });
});

test('another encoding in another user’s album, however similar, changes no answer', async () => {
  await start();
  // It has the cat's every cell, and shows something else.
  const hybrid = await hybridOf(cat, sampleBytes('screenshot.jpg'));
  expect(areDuplicates(await fingerprintOf(hybrid), await fingerprintOf(cat))).toBe(true);
  fake.behave(saying('idcard'));
  for (const user of ['mallory', 'eve', '']) await classify(hybrid, by(user), sha256('what anna has'));
  fake.behave(saying('pets'));
  for (const [user, headers] of [
    ['anna', by('anna')],
    ['no user id', {}],
  ] as const)
    expect([user, (await classify(await copyOf(cat, 300), headers)).data.category]).toEqual([user, 'pets']);
  expect((await lookUp(sha256('what anna has'))).cached).toBe(false);
  expect((await classify(cat)).data.category).toBe('pets');
});

test('an app’s key keeps albums of one user id apart', async () => {
  await start({ API_KEYS: 'optional' });
  const [id, secret] = ['0123456789ab', 'S'.repeat(32)];
  await app.services.apiKeys.save({ id, name: 'shop', secretSha256: sha256(secret), createdAt: 1 });
  await classify(cat, { ...by('anna'), 'x-api-key': `ack_${id}_${secret}` });
  expect((await classify(await copyOf(cat))).from_cache).toBe(false);
});

test.each([
  ['off', 'NEAR_DUPLICATES=off', { NEAR_DUPLICATES: 'off' }],
  ['as before', 'NEAR_DUPLICATES=shadow', { NEAR_DUPLICATES: 'shadow' }],
])('%s, with %s, a copy is asked about', async (_, __, environment) => {
  await start(environment);
  await classify(cat);
  expect((await classify(await copyOf(cat))).from_cache).toBe(false);
  expect(fake.calls).toHaveLength(2);
});
