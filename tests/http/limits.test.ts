import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ MAX_IMAGE_SIZE_MB: '1', MAX_BATCH_SIZE_MB: '3' });
});
afterAll(() => app.close());

const boundary = 'xyz';
const head = (route: string, headers: string) =>
  `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=${boundary}\r\n${headers}\r\n\r\n`;
const partHead = (name: string) =>
  `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="a.jpg"\r\n\r\n`;

function open(): Socket {
  const { hostname, port } = new URL(app.url);
  return connect(Number(port), hostname);
}

async function answerOf(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([closed, sleep(8000)]);
  return answer;
}

describe('a body that can’t be read to its end', () => {
  test('one that says it is too large is refused before it is sent', async () => {
    const socket = open();
    socket.write(head('/api/v1/classify', 'content-length: 900000000'));
    const answer = await answerOf(socket);
    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(answer).toContain('body_too_large');
    expect(answer).toContain('a photo may have at most 1 MB');
  });

  test('one that turns out too large is refused while it is still being sent, and the answer arrives', async () => {
    const socket = open();
    socket.write(head('/api/v1/classify', 'transfer-encoding: chunked'));
    const chunk = (bytes: Buffer) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    socket.write(chunk(Buffer.from(partHead('image'))));
    socket.on('error', () => {});
    const answer = answerOf(socket);
    for (let sent = 0; sent < 24 && socket.writable; sent += 1) {
      socket.write(chunk(Buffer.alloc(250_000)));
      await sleep(1);
    }
    expect(await answer).toMatch(/^HTTP\/1.1 413/);
  });

  test('a multipart form that ends early is 400', async () => {
    const body = Buffer.concat([Buffer.from(partHead('image')), sampleBytes('cat.jpg')]);
    const socket = open();
    socket.write(head('/api/v1/classify', `content-length: ${body.length}\r\nconnection: close`));
    socket.write(body);
    const answer = await answerOf(socket);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain('malformed_body');
  });

  test('a form without a boundary is 400', async () => {
    const response = await fetch(`${app.url}/api/v1/classify`, {
      method: 'POST',
      body: 'whatever',
      headers: { 'content-type': 'multipart/form-data' },
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { code: string }).code).toBe('malformed_body');
  });

  test('a client that hangs up costs nothing: the bytes go back to the budget', async () => {
    const socket = open();
    socket.write(head('/api/v1/classify/batch', 'content-length: 2500000'));
    socket.write(partHead('images'));
    socket.write(Buffer.alloc(500_000));
    await sleep(50);
    socket.destroy();
    const { status } = await post(
      `${app.url}/api/v1/classify`,
      formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]),
    );
    expect(status).toBe(200);
  });

  test('JSON that is none is 400, and a name that would reach into prototypes too', async () => {
    const json = await fetch(`${app.url}/api/v1/classify/check-cache`, {
      method: 'POST',
      body: '{"image_hash":',
      headers: { 'content-type': 'application/json' },
    });
    expect(json.status).toBe(400);
    const evil = await post(`${app.url}/api/v1/classify`, formOf([{ name: '__proto__', value: 'x' }]));
    expect(evil.status).toBe(400);
  });
});

describe('everything else', () => {
  test('an unknown route is a problem with a code', async () => {
    const { status, body, headers } = await get(`${app.url}/nowhere`);
    expect([status, body.code]).toEqual([404, 'not_found']);
    expect(headers.get('content-type')).toContain('application/problem+json');
  });

  test('a route asked by another method names those it answers to', async () => {
    const reply = await fetch(`${app.url}/api/v1/classify?x=1`, { method: 'DELETE' });
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await reply.json()).toMatchObject({ status: 405, code: 'method_not_allowed' });
    const health = await fetch(`${app.url}/health/live`, { method: 'POST' });
    expect([health.status, health.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('health has the exact words old clients compare', async () => {
    const { status, body } = await get(`${app.url}/api/v1/health`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'healthy', database: 'connected', model_api: 'available' });
    const v2 = await get(`${app.url}/api/v2/health?user_id=u&device_type=Android&client_timestamp=5&more=x`);
    expect(v2.body).toMatchObject({
      status: 'healthy',
      user_id: 'u',
      device_type: 'Android',
      client_timestamp: '5',
    });
    expect((await get(`${app.url}/health/live`)).status).toBe(200);
    expect((await get(`${app.url}/health/ready`)).status).toBe(200);
  });

  test('an unknown origin is not refused, and no CORS header is sent by default', async () => {
    const { status, headers } = await get(`${app.url}/api/v1/health`, {
      origin: 'https://somewhere.example',
    });
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('the OpenAPI document is 3.1 and lists every public route, the alias not', async () => {
    const { body } = await get(`${app.url}/openapi.json`);
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/api/v1/categories',
      '/api/v1/classify',
      '/api/v1/classify/batch',
      '/api/v1/classify/batch-check-cache',
      '/api/v1/classify/check-cache',
      '/api/v1/feedback',
      '/api/v1/forget',
      '/api/v1/health',
      '/api/v1/local-classify',
      '/api/v1/stats/batch-cache',
      '/api/v1/stats/batch-classify',
      '/api/v1/stats/cache',
      '/api/v1/stats/cache-efficiency',
      '/api/v1/stats/category-distribution',
      '/api/v1/stats/inference-method',
      '/api/v1/stats/savings',
      '/api/v1/stats/timeseries',
      '/api/v1/stats/today',
      '/api/v1/stats/users/top',
      '/api/v2/classify/batch',
      '/api/v2/classify/batch-check-cache',
      '/api/v2/health',
      '/health/live',
      '/health/ready',
    ]);
    expect((await fetch(`${app.url}/docs`)).status).toBe(200);
  });
});

test('a thousand look-ups at once are a few statements', async () => {
  const replies = await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      post(`${app.url}/api/v1/classify/check-cache`, { image_hash: index.toString(16).padStart(64, '0') }),
    ),
  );
  expect(replies.every(({ status, body }) => status === 200 && body.cached === false)).toBe(true);
});
