import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { configFrom } from '../../src/config.ts';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';

test('with LLM_SEND_ORIGINAL the picture goes out as it came, and what needs a decoder shrunk as ever', async () => {
  const llm = await startFakeLlm();
  onTestFinished(() => llm.close());
  const environment = { LLM_BASE_URL: llm.baseUrl, STRATEGY: 'llm-only', LLM_SEND_ORIGINAL: 'true' };
  const { url, close } = await startApp(environment);
  onTestFinished(close);
  const upright = await sharp(sampleBytes('cat.jpg')).resize(700, 600).jpeg().toBuffer();
  const turned = await sharp(upright).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  for (const value of [upright, turned].map((bytes) => Buffer.from(bytes))) {
    const { status, body } = await post(`${url}/api/v1/classify`, formOf([{ name: 'image', value }]));
    expect([status, body.data.inference_method]).toEqual([200, 'llm']);
  }
  const sent = llm.calls.map(({ jpeg }) => jpeg);
  const sizes = await Promise.all(sent.map((image) => sharp(image).metadata()));
  expect(sizes.map(({ width, height }) => [width, height])).toEqual([
    [700, 600],
    [439, 512],
  ]);
});

test('LLM_SEND_ORIGINAL is refused where every photo is decoded anyway', () => {
  const environment = { LLM_API_KEY: 'sk-test', STRATEGY: 'llm-first', LLM_SEND_ORIGINAL: 'true' };
  expect(() => configFrom(environment)).toThrow(/LLM_SEND_ORIGINAL needs STRATEGY=llm-only/);
});
