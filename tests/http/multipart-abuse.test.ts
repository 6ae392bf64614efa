import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ MAX_IMAGE_SIZE_MB: '1', MAX_BATCH_SIZE_MB: '4' });
});
afterAll(() => app.close());

const cat = sampleBytes('cat.jpg');
const boundary = 'limit';
const part = (headers: string, content: string | Buffer = '') =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
const named = (name: string) => `content-disposition: form-data; name="${name}"`;
const photo = (name = 'image') => part(`${named(name)}; filename="a.jpg"`, cat);
const end = Buffer.from(`--${boundary}--\r\n`);

async function send(route: string, body: Buffer, type = `multipart/form-data; boundary=${boundary}`) {
  const response = await fetch(`${app.url}${route}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': type },
  });
  const answer = (await response.json()) as { status?: number; code?: string };
  return { status: response.status, code: answer.code };
}

async function nothingIsLeft() {
  while (app.services.budget.status().usedBytes > 0) await new Promise(setImmediate);
  expect(app.services.budget.status()).toMatchObject({ usedBytes: 0, waiting: 0 });
  const reply = await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: cat }]));
  expect(reply.status).toBe(200);
}

describe('a form made to hurt', () => {
  const repeated = (count: number, one: Buffer) => Buffer.concat([...Array(count).fill(one), end]);
  test.each([
    ['has 5000 text parts', () => repeated(5000, part(named('x'), 'y'))],
    ['has 5000 photos', () => repeated(5000, part(`${named('images')}; filename="a"`, 'y'))],
    [
      'has a part of 100,000 headers',
      () => Buffer.concat([part(`${named('image')}\r\n${'a: b\r\n'.repeat(100_000)}c: d`), end]),
    ],
    ['has no part at all', () => end],
    ['never ends', () => photo()],
    [
      'has another boundary than it says',
      () => Buffer.from(photo().toString('latin1').replaceAll(boundary, 'else'), 'latin1'),
    ],
    ['is a single boundary', () => Buffer.from(`--${boundary}`)],
    ['is not a form', () => Buffer.alloc(100_000, 0x2d)],
    ['has a part without a name', () => Buffer.concat([part('content-disposition: form-data', 'x'), end])],
    ['has a part without headers', () => Buffer.concat([part('', cat), end])],
    ['has its photo as text', () => Buffer.concat([part(named('images_'), cat.subarray(0, 1000)), end])],
  ])('and that %s is 4xx', async (_, make) => {
    for (const route of ['/api/v1/classify', '/api/v1/classify/batch', '/api/v2/classify/batch']) {
      const { status, code } = await send(route, make());
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(code).toEqual(expect.stringMatching(/^[a-z_]+$/));
    }
    await nothingIsLeft();
  });

  test.each(['', 'boundary=', 'boundary=""', `boundary=${'x'.repeat(500)}`, 'boundary=a%00b'])(
    'and whose type says "%s" is 4xx',
    async (parameter) => {
      const { status } = await send(
        '/api/v1/classify',
        Buffer.concat([photo(), end]),
        `multipart/form-data; ${parameter}`,
      );
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );

  test('and whose file name has 2 MB is answered or refused', async () => {
    const long = part(`${named('image')}; filename="${'a'.repeat(2e6)}"`, cat);
    const { status } = await send('/api/v1/classify', Buffer.concat([long, end]));
    expect([200, 400]).toContain(status);
    await nothingIsLeft();
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'and has a part named %s changes nothing but its own answer',
    async (name) => {
      const body = Buffer.concat([
        part(`${named(name)}\r\ncontent-type: application/json`, '{"polluted":true}'),
        photo(),
        end,
      ]);
      const { status } = await send('/api/v1/classify', body);
      expect([200, 400]).toContain(status);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      await nothingIsLeft();
    },
  );
});

describe('a client that lies or leaves', () => {
  const head = (lengthBytes: number, route = '/api/v1/classify') =>
    `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=${boundary}\r\ncontent-length: ${lengthBytes}\r\n\r\n`;
  function open() {
    const { hostname, port } = new URL(app.url);
    return connect(Number(port), hostname).on('error', () => {});
  }

  test('sends more than it said: what is too much is no request, and the service goes on', async () => {
    const socket = open();
    const body = Buffer.concat([photo(), end]);
    socket.write(head(1000));
    socket.write(body);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    await nothingIsLeft();
  });

  test('stops sending without a word: it is told so, and nothing of it is kept', async () => {
    const routes = [
      '/api/v1/classify',
      '/api/v1/classify/batch',
      '/api/v2/classify/batch',
      '/api/v1/local-classify',
    ];
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    let openSockets = routes.length;
    const answers = routes.map(async (route) => {
      const socket = open();
      socket.write(head(900_000, route));
      socket.write(photo(route.endsWith('batch') ? 'images' : 'image').subarray(0, 5000));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      await once(socket, 'close');
      openSockets -= 1;
      return answer;
    });
    while (openSockets > 0) {
      vi.advanceTimersByTime(1_000);
      await new Promise(setImmediate);
    }
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatch(/^HTTP\/1.1 408/);
      expect(answer).toMatch(/connection: close/i);
      expect(answer).toContain('"code":"upload_too_slow"');
    }
    await nothingIsLeft();
  });

  test('sends less than it said, and no more: what arrived is no photo', async () => {
    const socket = open();
    socket.write(head(900_000));
    socket.end(photo());
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    await once(socket, 'close');
    expect(answer).toMatch(/^(HTTP\/1.1 4\d\d|$)/);
    await nothingIsLeft();
  });

  test('goes away in the middle of a photo, a hundred times: every byte is given back', async () => {
    const body = photo();
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const socket = open();
        socket.write(head(900_000));
        socket.write(body.subarray(0, 200 + index * 150));
        while (app.services.budget.status().usedBytes === 0) await new Promise(setImmediate);
        socket.destroy();
        await once(socket, 'close');
      }),
    );
    await nothingIsLeft();
  });
});
