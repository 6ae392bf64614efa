import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let fake: FakeLlm;
afterEach(async () => {
  await app.close();
  await fake.close();
});

async function start(NEAR_DUPLICATES: string): Promise<void> {
  fake = await startFakeLlm({
    behave: { content: { category: 'pets', confidence: 0.9, description: '猫' } },
  });
  app = await startApp({ LLM_BASE_URL: fake.baseUrl, LLM_MODEL: 'eyes', NEAR_DUPLICATES });
}

const headers = { 'x-user-id': 'anna' };
const classify = (value: Buffer, image_hash = '') =>
  post(
    `${app.url}/api/v1/classify`,
    formOf([
      { name: 'image', value: Buffer.from(value) },
      { name: 'image_hash', value: image_hash },
    ]),
    headers,
  );

test('a copy from a chat app gets the answer of the original, and is found by the hash it was claimed under', async () => {
  await start('on');
  const original = sampleBytes('cat.jpg');
  const copy = await sharp(original).resize(300).jpeg({ quality: 50 }).toBuffer();
  await classify(original);
  const claimed = createHash('sha256').update('the file in the album').digest('hex');
  const { body } = await classify(copy, claimed);
  expect(body).toMatchObject({
    from_cache: true,
    data: { category: 'pets', model: 'eyes', inference_method: 'cache' },
  });
  const found = await post(`${app.url}/api/v1/classify/check-cache`, { image_hash: claimed }, headers);
  expect(found.body).toMatchObject({ cached: true, data: { category: 'pets' } });
  await classify(sampleBytes('coffee.jpg'));
  expect(fake.calls).toHaveLength(2);
});

test('by default it is only counted: the copy is asked about as ever', async () => {
  await start('');
  const copy = await sharp(sampleBytes('cat.jpg')).resize(300).jpeg().toBuffer();
  await classify(sampleBytes('cat.jpg'));
  expect((await classify(copy)).body.from_cache).toBe(false);
  expect(fake.calls).toHaveLength(2);
});
