import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { vendorFetch } from '../../src/vision/vendor-fetch.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function post(body: Buffer<ArrayBuffer>, listener: RequestListener): Promise<Response> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return vendorFetch('openai')(`http://127.0.0.1:${port}/`, { method: 'POST', body });
}

const answering: RequestListener = async (request, response) => {
  const chunks = await request.toArray();
  response
    .setHeader('content-type', 'application/json')
    .end(JSON.stringify({ bytes: Buffer.concat(chunks).length }));
};

test('a body that was sent is given back, and was sent whole', async () => {
  const body = Buffer.allocUnsafeSlow(3_000_000).fill('a');
  const response = await post(body, answering);
  expect(body.byteLength).toBe(0);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.text()).toBe('{"bytes":3000000}');
  expect(await response.json()).toEqual({ bytes: 3_000_000 });
});

test('a body that shares its memory with others is left alone', async () => {
  const memory = new ArrayBuffer(1000);
  const body = Buffer.from(memory, 10, 20).fill('b');
  expect(await (await post(body, answering)).json()).toEqual({ bytes: 20 });
  expect(memory.byteLength).toBe(1000);
});

test('a body that is still on its way when the answer comes is left alone', async () => {
  const body = Buffer.allocUnsafeSlow(50_000_000).fill('c');
  const early: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 2 }).end('{}');
  };
  expect(await (await post(body, early)).json()).toEqual({});
  expect(body.byteLength).toBe(50_000_000);
});

test('a reply that is cut short is a failure of the network, and one without end is not read', async () => {
  const cut: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"half":', () => response.destroy());
  };
  await expect(post(Buffer.from('a'), cut)).rejects.toMatchObject({ failure: { network: 'ECONNRESET' } });
  server.close();
  const endless: RequestListener = (_, response) => {
    const more = () => response.destroyed || response.write('x'.repeat(65_536), () => setImmediate(more));
    more();
  };
  await expect(post(Buffer.from('a'), endless)).rejects.toMatchObject({ failure: { unusable: 'too_large' } });
});
