import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { formBody, rawRequest } from '../support/raw-request.ts';

let app: Awaited<ReturnType<typeof startApp>>;
afterEach(() => app.close());

const foreign = [
  'https://somewhere.example',
  'http://127.0.0.1:1',
  'null',
  'file://',
  'app://pc',
  'nonsense',
  '',
];
const claimed = 'ab'.repeat(32);
const json = { 'content-type': 'application/json' };

async function upload(
  headers: Record<string, string>,
  path = '/api/v1/classify',
  photo = sampleBytes('cat.jpg'),
) {
  const form = await formBody(
    formOf([
      { name: path.includes('batch') ? 'images' : 'image', value: photo },
      { name: 'image_hash', value: claimed },
    ]),
  );
  return rawRequest(app.url + path, {
    method: 'POST',
    body: form.body,
    headers: { ...form.headers, ...headers },
  });
}

const say = (path: string, body: object, headers: Record<string, string> = {}) =>
  rawRequest(app.url + path, {
    method: 'POST',
    body: Buffer.from(JSON.stringify(body)),
    headers: { ...json, ...headers },
  });
const lookUp = (headers: Record<string, string> = {}) =>
  say('/api/v1/classify/check-cache', { image_hash: claimed }, headers);
const correct = (headers: Record<string, string>) =>
  say('/api/v1/feedback', { image_hash: claimed, category: 'foods' }, headers);

describe('a page of another origin', () => {
  test('has photos classified and hashes looked up, unless those that may are listed', async () => {
    app = await startApp();
    for (const origin of foreign) {
      for (const path of [
        '/classify',
        '/api/v1/classify',
        '/api/v1/classify/batch',
        '/api/v1/local-classify',
      ])
        expect([origin, path, (await upload({ origin }, path)).status]).toEqual([origin, path, 200]);
      expect((await lookUp({ origin })).status).toBe(200);
    }
  });

  test('is refused where others are listed; those, the service’s own and what is no page are not', async () => {
    app = await startApp({
      UPLOAD_ORIGINS: 'https://pc.example, null',
      CORS_ORIGIN: 'https://reads.example',
    });
    const own = app.url;
    for (const origin of ['https://pc.example', 'null', 'https://reads.example', own]) {
      expect([origin, (await upload({ origin })).status]).toEqual([origin, 200]);
      expect([origin, (await lookUp({ origin })).status]).toEqual([origin, 200]);
    }
    expect((await upload({})).status).toBe(200);
    for (const origin of foreign.filter((one) => one !== 'null')) {
      const { status, body } = await upload({ origin });
      expect([origin, status, body.code]).toEqual([origin, 403, 'forbidden']);
      expect(body.detail).toContain('UPLOAD_ORIGINS');
      expect((await lookUp({ origin })).status).toBe(403);
    }
    expect((await rawRequest(`${app.url}/api/v1/health`, { headers: { origin: 'null' } })).status).toBe(200);
  });

  test('sends no feedback unless it is listed, and the service’s own does', async () => {
    app = await startApp({ CORS_ORIGIN: 'https://reads.example' });
    await upload({ 'x-user-id': 'anna' });
    for (const origin of foreign) {
      const { status, body } = await correct({ origin, 'x-user-id': 'anna' });
      expect([origin, status, body.code]).toEqual([origin, 403, 'forbidden']);
      expect(body.detail).toContain('CORS_ORIGIN');
    }
    expect((await lookUp({ 'x-user-id': 'anna' })).body.data.category).toBe('pets');
    const { port } = new URL(app.url);
    const allowed: Record<string, string>[] = [
      {},
      { origin: 'https://reads.example' },
      { origin: app.url },
      // A proxy that ends TLS, and passes the name on.
      { origin: 'https://photos.example', host: 'photos.example' },
      { origin: 'https://photos.example', host: 'photos.example:443' },
      { origin: `http://[::1]:${port}`, host: `[::1]:${port}` },
    ];
    for (const headers of allowed)
      expect([headers, (await correct({ ...headers, 'x-user-id': 'anna' })).status]).toEqual([headers, 200]);
  });

  test('claims without a user id for itself only: other callers at its address get the same answers as before', async () => {
    app = await startApp();
    await upload({}, undefined, sampleBytes('coffee.jpg'));
    for (const origin of foreign) await upload({ origin }, undefined, sampleBytes('cat.jpg'));
    expect((await lookUp()).body.data.category).toBe('foods');
    expect((await lookUp({ origin: app.url })).body.data.category).toBe('foods');
    // The page itself finds its photos again, as it would at an address of its own.
    for (const origin of foreign)
      expect([origin, (await lookUp({ origin })).body.data.category]).toEqual([origin, 'pets']);
    expect((await lookUp({ origin: 'https://elsewhere.example' })).body.cached).toBe(false);
  });

  test('is the rest of its address where it is listed, and its user is the same everywhere', async () => {
    app = await startApp({ CORS_ORIGIN: 'https://reads.example' });
    await upload({ origin: 'https://reads.example' });
    expect((await lookUp()).body.cached).toBe(true);
    await upload({ origin: 'null', 'x-user-id': 'anna' }, undefined, sampleBytes('coffee.jpg'));
    expect((await lookUp({ 'x-user-id': 'anna' })).body.data.category).toBe('foods');
  });
});

describe('an answer to a page', () => {
  const preflight = (path: string, origin: string, method = 'POST') =>
    rawRequest(app.url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type,x-user-id',
      },
    });

  test('can be read by those listed, with the headers that a client acts on', async () => {
    app = await startApp({
      CORS_ORIGIN: 'https://reads.example, https://also.example',
      API_KEYS: 'required',
    });
    const asked = await preflight('/api/v1/classify', 'https://also.example');
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': 'https://also.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type,x-user-id',
      vary: 'Origin',
    });
    const refused = await upload({ origin: 'https://also.example' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://also.example');
    expect(refused.headers.get('access-control-expose-headers')).toBe('Retry-After, X-Request-ID');
    const stranger = await preflight('/api/v1/classify', 'https://somewhere.example');
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    expect(stranger.headers.get('access-control-allow-methods')).toBeNull();
  });

  test('can be read by all where that is said, but never what is for operators', async () => {
    app = await startApp({ CORS_ORIGIN: '*', OPS_TOKEN: 'let-me-in' });
    const { headers } = await upload({ origin: 'https://somewhere.example' });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(
      (await preflight('/api/v1/feedback', 'https://a.example')).headers.get('access-control-allow-methods'),
    ).toBe('POST');
    for (const [method, path] of opsRoutes) {
      const asked = await preflight(path, 'https://somewhere.example', method);
      if (path !== '/api/v1/feedback') expect([path, asked.status]).toEqual([path, 405]);
      expect(asked.headers.get('access-control-allow-methods') ?? '').not.toContain('GET');
      const answer = await rawRequest(app.url + path, {
        method,
        headers: { ...json, origin: 'https://somewhere.example', authorization: 'Bearer let-me-in' },
      });
      expect([path, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
        path,
        403,
        null,
      ]);
    }
  });
});

const opsRoutes: readonly (readonly [string, string])[] = [
  ['GET', '/api/v1/stats/today'],
  ['GET', '/api/v1/stats/cache'],
  ['GET', '/api/v1/feedback'],
  ['POST', '/api/v1/forget'],
  ['GET', '/metrics'],
  ['GET', '/ops'],
  ['GET', '/ops/app.js'],
  ['GET', '/ops/events'],
];

const chromium = chromiumPath();

describe.skipIf(chromium === undefined)('a page that sends forms to the service, in a browser', () => {
  let llm: FakeLlm;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'album-page-'));
    llm = await startFakeLlm({
      behave: ({ index }) => ({
        content: { category: index === 0 ? 'foods' : 'pets', confidence: 0.9, description: 'x' },
      }),
    });
  });
  afterEach(async () => {
    await llm.close();
    rmSync(folder, { recursive: true });
  });

  test('changes no one’s answer, whatever it claims, corrects or asks for anew', async () => {
    app = await startApp({ LLM_BASE_URL: llm.baseUrl, CORS_ORIGIN: '*' });
    const coffee = sampleBytes('coffee.jpg');
    const sha256 = createHash('sha256').update(coffee).digest('hex');
    await upload({}, undefined, coffee);
    const answers = async () => {
      const hashes = { image_hashes: [claimed, sha256] };
      const { body } = await post(`${app.url}/api/v1/classify/batch-check-cache`, hashes);
      return body.items.map(({ data }: { data: { category: string } }) => data?.category);
    };
    expect(await answers()).toEqual(['foods', 'foods']);

    const page = `<!doctype html><iframe name="there"></iframe><script>
      const target = ${JSON.stringify(app.url)};
      const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
      const cat = new File([bytes(${JSON.stringify(sampleBytes('cat.jpg').toString('base64'))})], 'cat.jpg');
      const coffee = new File([bytes(${JSON.stringify(coffee.toString('base64'))})], 'coffee.jpg');
      const data = (field, photo, more) => {
        const form = new FormData();
        form.append(field, photo);
        for (const [name, value] of Object.entries(more)) form.append(name, value);
        return form;
      };
      const send = (path, body, more = {}) => fetch(target + path, { method: 'POST', mode: 'no-cors', body, ...more });
      function submit() {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', enctype: 'multipart/form-data', target: 'there' });
        form.action = target + '/api/v1/classify';
        const file = Object.assign(document.createElement('input'), { type: 'file', name: 'image' });
        const carrier = new DataTransfer();
        carrier.items.add(cat);
        file.files = carrier.files;
        form.append(file, Object.assign(document.createElement('input'), { name: 'image_hash', value: '${claimed}' }));
        document.body.append(form);
        return new Promise((resolve) => {
          document.querySelector('iframe').addEventListener('load', resolve);
          form.submit();
        });
      }
      window.attack = async () => {
        await submit();
        await send('/api/v1/classify', data('image', cat, { image_hash: '${claimed}' }));
        await send('/api/v1/classify/batch', data('images', cat, { image_hashes: '["${claimed}"]' }));
        const items = [{ index: 0, image_uri: 'x', image_hash: '${claimed}' }];
        await send('/api/v2/classify/batch', data('images', cat, { image_metadata: JSON.stringify({ items }) }));
        await send('/api/v1/classify', data('image', coffee, {}), { cache: 'reload' });
        const said = JSON.stringify({ image_hash: '${claimed}', category: 'pets' });
        await send('/api/v1/feedback', said);
        const feedback = fetch(target + '/api/v1/feedback', { method: 'POST', body: said, headers: { 'content-type': 'application/json' } });
        const forget = fetch(target + '/api/v1/forget', { method: 'POST', body: JSON.stringify({ image_hash: '${claimed}' }), headers: { 'content-type': 'application/json' } });
        return Promise.all([feedback, forget].map((one) => one.then((reply) => reply.status, () => 'unreadable')));
      };
    </script>`;
    writeFileSync(join(folder, 'page.html'), page);
    const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const browser = await launchChromium(chromium ?? '');
    try {
      for (const address of [
        `http://localhost:${(server.address() as AddressInfo).port}/`,
        `file://${join(folder, 'page.html')}`,
      ]) {
        const tab = await browser.newPage();
        await tab.goto(address);
        const [feedback, forget] = await tab.evaluate<(number | string)[]>('attack()');
        expect([address, forget]).toEqual([address, 'unreadable']);
        // Every page may read: so this one is told that it may correct what it claimed itself.
        expect([address, feedback]).toEqual([address, 200]);
        await tab.close();
        expect([address, await answers()]).toEqual([address, ['foods', 'foods']]);
      }
      expect(llm.calls).toHaveLength(2);
    } finally {
      await browser.close();
      server.close();
    }
  });
});
