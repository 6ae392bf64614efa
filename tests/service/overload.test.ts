import { expect, onTestFinished } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { vendorErrors } from '../support/vendor-errors.ts';

let photos = 0;
/** A new photo. */
const another = (name: string) => ({
  name,
  value: Buffer.concat([sampleBytes('cat.jpg'), Buffer.from(`#${photos++}`)]),
});

longTest(
  'photos that would wait past their deadline are refused at once, those of a batch are not',
  async () => {
    const llm = await startFakeLlm({ behave: vendorErrors.openai.overloaded });
    onTestFinished(() => llm.close());
    const app = await startApp({
      LLM_BASE_URL: llm.baseUrl,
      LLM_MODEL: 'eyes',
      LLM_TRIES: '1',
      SINGLE_DEADLINE: '1.5',
      BATCH_DEADLINE: '60',
    });
    onTestFinished(() => app.close());
    const single = () => post(`${app.url}/api/v1/classify`, formOf([another('image')]));
    const batch = (count: number) =>
      post(
        `${app.url}/api/v1/classify/batch`,
        formOf(Array.from({ length: count }, () => another('images'))),
      );
    // By then the service knows how fast it is.
    await batch(20);

    const all = batch(20);
    const replies = await Promise.all(Array.from({ length: 200 }, single));
    const refused = replies.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, body } of refused) {
      expect(body.code).toBe('overloaded');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await all).body).toMatchObject({ success_count: 20, fail_count: 0 });
    // The local model did not answer those.
    const { body } = await get(`${app.url}/api/v1/stats/inference-method`);
    expect(body.data.failed).toBe(200 - replies.filter(({ status }) => status === 200).length);
    expect(body.data.fallbacks).not.toHaveProperty('unexpected');
  },
);
