import { expect, onTestFinished, test } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';

/** A service whose LLM never answers. */
async function waitingApp(environment: Record<string, string>) {
  const llm = await startFakeLlm({ behave: { fault: 'hang' } });
  onTestFinished(() => llm.close());
  const app = await startApp({ LLM_BASE_URL: llm.baseUrl, LLM_TIMEOUT: '600', ...environment });
  onTestFinished(() => app.close());
  return app.url;
}

const asking = (ms: string) => ({ 'x-request-timeout-ms': ms });
const value = sampleBytes('cat.jpg');
const single = () => formOf([{ name: 'image', value }]);
const batch = () => formOf([{ name: 'images', value: sampleBytes('coffee.jpg') }]);
const local = { category: 'pets', inference_method: 'local', degraded: true };

test('who asks for less time than is configured gets the local answer by then', async () => {
  const url = await waitingApp({ SINGLE_DEADLINE: '600', BATCH_DEADLINE: '600' });
  const one = await post(`${url}/api/v1/classify`, single(), asking('2000'));
  expect(one.body.data).toMatchObject(local);
  const many = await post(`${url}/api/v1/classify/batch`, batch(), asking('2000'));
  expect(many.body.items[0].data).toMatchObject({ ...local, category: 'foods' });
});

longTest('who asks for more gets what is configured', async () => {
  const url = await waitingApp({ SINGLE_DEADLINE: '2' });
  const { body } = await post(`${url}/api/v1/classify`, single(), asking('599000'));
  expect(body.data).toMatchObject(local);
});

test('a time that is none is refused on every upload route, before a stream has begun', async () => {
  const { url, close } = await startApp();
  onTestFinished(close);
  const routes = ['v1/classify', 'v1/classify/batch', 'v1/local-classify', 'v2/classify/batch'];
  for (const route of routes)
    for (const ms of ['0', '-5', '1.5', '5s', 'soon', '9'.repeat(40)]) {
      const headers = { ...asking(ms), accept: 'application/x-ndjson' };
      const { status, body } = await post(`${url}/api/${route}`, single(), headers);
      expect([route, ms, status, body.code]).toEqual([route, ms, 400, 'invalid_request']);
    }
  const { status } = await post(`${url}/api/v1/classify`, single(), asking(''));
  expect(status).toBe(200);
});

test('the page of every upload route tells of the header', async () => {
  const { url, close } = await startApp();
  onTestFinished(close);
  const { paths } = (await get(`${url}/openapi.json`)).body;
  const routes = ['v1/classify', 'v1/classify/batch', 'v1/local-classify', 'v2/classify/batch'];
  for (const route of routes)
    expect(paths[`/api/${route}`].post.parameters).toContainEqual(
      expect.objectContaining({ in: 'header', name: 'X-Request-Timeout-Ms' }),
    );
});
