import { afterAll, beforeAll, expect, test } from 'vitest';
import { get, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ OPS_TOKEN: 'token', BUILD_COMMIT: '0123abc' });
});
afterAll(() => app.close());

const headers = { authorization: 'Bearer token' };

test('operators see which version, commit and Node.js run; others do not', async () => {
  expect((await get(`${app.url}/version`)).status).toBe(401);
  const { status, body } = await get(`${app.url}/version`, headers);
  expect([status, body]).toEqual([
    200,
    { name: 'album-classifier', version: 'test', commit: '0123abc', node: process.versions.node },
  ]);
});

test('Prometheus has the same as a metric', async () => {
  const { body } = await get(`${app.url}/metrics`, headers);
  expect(body).toMatch(/^album_build_info\{version="test",commit="0123abc"\} 1$/m);
});
