import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';
import { rawRequest } from '../support/raw-request.ts';

let app: Awaited<ReturnType<typeof startApp>>;
afterEach(() => app.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const behind = [
  '/api/v1/stats/today',
  '/api/v1/stats/users/top',
  '/metrics',
  '/ops/events',
  '/api/v1/feedback',
];

/** The status alone: a stream of events has no end to wait for. */
async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(app.url + path, { headers });
  await response.body?.cancel();
  return response.status;
}

describe('who may see what operators see', () => {
  test('any of several tokens, also where only its hash is configured', async () => {
    const hash = createHash('sha256').update('second').digest('hex');
    app = await startApp({ OPS_TOKEN: `first, sha256:${hash}` });
    for (const path of behind) {
      expect(await statusOf(path, bearer('first'))).toBe(200);
      expect(await statusOf(path, bearer('second'))).toBe(200);
      for (const wrong of [
        {},
        bearer('third'),
        bearer(hash),
        bearer(`sha256:${hash}`),
        bearer('first, second'),
      ])
        expect(await statusOf(path, wrong)).toBe(401);
      expect(await statusOf(`${path}?token=first`)).toBe(401);
    }
  });

  test('without a token only who asks this machine itself: through no proxy, by no other name, from no other page', async () => {
    app = await startApp();
    const { port } = new URL(app.url);
    const status = async (path: string, headers: Record<string, string>) =>
      (await rawRequest(app.url + path, { headers })).status;
    const local = [
      '127.0.0.1',
      `127.0.0.1:${port}`,
      'localhost',
      `LOCALHOST:${port}`,
      'a.localhost',
      '[::1]:80',
      '127.1.2.3',
    ];
    const others = [
      'photos.lan',
      'evil.example:8000',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '192.168.1.5',
      '10.0.0.1:8000',
      '[fe80::1]',
      '127.0.0.1@evil',
      '127.1',
    ];
    const proxies = [
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'x-forwarded-proto',
      'X-Forwarded-Anything',
      'Forwarded',
      'Via',
      'X-Real-IP',
      'CF-Connecting-IP',
      'X-Client-IP',
      'True-Client-IP',
    ];
    for (const path of [...behind, '/ops', '/ops/app.js']) {
      expect([path, await statusOf(path)]).toEqual([path, 200]);
      for (const host of local) expect([path, host, await status(path, { host })]).toEqual([path, host, 200]);
      for (const host of others)
        expect([path, host, await status(path, { host })]).toEqual([path, host, 403]);
      for (const name of proxies)
        expect([path, name, await status(path, { [name]: '127.0.0.1' })]).toEqual([path, name, 403]);
      expect([path, await status(path, { origin: 'https://somewhere.example' })]).toEqual([path, 403]);
      expect([path, await status(path, { origin: 'null' })]).toEqual([path, 403]);
      expect([path, await status(path, { origin: app.url })]).toEqual([path, 200]);
    }
    const { body } = await rawRequest(`${app.url}/metrics`, { headers: { host: 'photos.lan' } });
    expect(body.detail).toContain('set OPS_TOKEN');
  });

  test('no one by guessing, and nothing leaks', async () => {
    app = await startApp({ OPS_TOKEN: 'let-me-in' });
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => get(`${app.url}/metrics`, bearer(`guess ${index}`))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(JSON.stringify(answers[0])).not.toContain('let-me-in');
    const { body } = await get(`${app.url}/metrics`, bearer('let-me-in'));
    expect(body).not.toContain('guess');
    expect(body).toContain(
      'album_http_request_duration_seconds_count{method="GET",route="/metrics",status="4xx"} 500',
    );
  });
});

describe('the page', () => {
  test('comes with all it needs from here, may not be framed, and holds no figure', async () => {
    app = await startApp({ OPS_TOKEN: 'let-me-in' });
    const { status, headers, body } = await get(`${app.url}/ops`);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const links = [...String(body).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    const loaded = links.filter((link) => link.startsWith('/'));
    expect(loaded.length).toBeGreaterThan(3);
    expect(links.filter((link) => !/^(\/ops[/?]|#|data:,$)/.test(link))).toEqual([]);
    for (const link of loaded) expect(await statusOf(link)).toBe(200);
  });

  test('of the API may not be framed either, and loads from here alone', async () => {
    app = await startApp();
    const { status, headers } = await get(`${app.url}/docs/`);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  test('is told what happens as it happens', async () => {
    app = await startApp();
    await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]));
    await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: Buffer.from('words') }]));
    const response = await fetch(`${app.url}/ops/events`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('\n\n')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    const live = JSON.parse(text.slice('data: '.length, text.indexOf('\n\n')));
    expect(live).toMatchObject({
      state: { isStoreUp: true, isTaking: true, children: { size: 1 } },
      today: { photos: 2, local: 1, failed: 1, errors: { unsupported_format: 1 } },
      failures: [{ errorCode: 'unsupported_format' }],
    });
  });
});

describe('metrics', () => {
  test('count photos, look-ups and requests by names that callers do not choose', async () => {
    app = await startApp();
    await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]));
    await post(`${app.url}/api/v1/classify/check-cache`, { image_hash: 'b'.repeat(64) });
    await get(`${app.url}/no/such/${'x'.repeat(50)}`);
    const { body, headers } = await get(`${app.url}/metrics`);
    expect(headers.get('content-type')).toContain('version=0.0.4');
    for (const line of [
      'album_photo_duration_seconds_count{outcome="local"} 1',
      'album_lookups_total{result="miss"} 1',
      'album_store_up 1',
      'album_ready 1',
      'album_http_request_duration_seconds_count{method="GET",route="none",status="4xx"} 1',
    ])
      expect(body).toContain(line);
    expect(body).not.toContain('xxxxx');
    const series = String(body)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(series.length).toBeLessThan(400);
  });
});
