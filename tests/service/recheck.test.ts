import { afterEach, expect, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let fake: FakeLlm;
afterEach(async () => {
  await app.close();
  await fake.close();
});

test('only an operator has a photo classified again; its answer replaces the old one', async () => {
  fake = await startFakeLlm({
    behave: { content: { category: 'other', confidence: 0.5, description: '?' } },
  });
  app = await startApp({ LLM_BASE_URL: fake.baseUrl, LLM_MODEL: 'eyes', OPS_TOKEN: 'let-me-in' });
  const classify = (headers: Record<string, string> = {}) =>
    post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]), headers);
  await classify();
  fake.behave({ content: { category: 'pets', confidence: 0.9, description: '猫' } });
  const ignored = await classify({ 'cache-control': 'no-cache' });
  expect(ignored.body).toMatchObject({ from_cache: true, data: { category: 'other' } });
  const wrong = await classify({ 'cache-control': 'no-cache', authorization: 'Bearer wrong' });
  expect(wrong.body).toMatchObject({ from_cache: true, data: { category: 'other' } });
  const anew = await classify({ 'cache-control': 'no-cache', authorization: 'Bearer let-me-in' });
  expect(anew.body).toMatchObject({ from_cache: false, data: { category: 'pets' } });
  expect((await classify()).body).toMatchObject({ from_cache: true, data: { category: 'pets' } });
  expect(fake.calls).toHaveLength(2);
});
