import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { type VendorAnswer, vendorPost } from '../../src/vision/wire/vendor-post.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function post(body: Buffer<ArrayBuffer>, listener: RequestListener): Promise<VendorAnswer> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const options = {
    vendor: 'openai',
    url: `http://127.0.0.1:${port}/`,
    headers: {},
  } as const;
  return vendorPost(options)(body, new AbortController().signal);
}

const answering: RequestListener = async (request, response) => {
  const chunks = await request.toArray();
  response
    .setHeader('content-type', 'application/json')
    .end(JSON.stringify({ bytes: Buffer.concat(chunks).length }));
};

test('a body that was sent is given back, and was sent whole', async () => {
  const body = Buffer.allocUnsafeSlow(3_000_000).fill('a');
  const { text, headers } = await post(body, answering);
  expect(body.byteLength).toBe(0);
  expect(headers.get('content-type')).toBe('application/json');
  expect(text).toBe('{"bytes":3000000}');
});

test('a body that shares its memory with others is left alone', async () => {
  const memory = new ArrayBuffer(1000);
  const body = Buffer.from(memory, 10, 20).fill('b');
  expect((await post(body, answering)).text).toBe('{"bytes":20}');
  expect(memory.byteLength).toBe(1000);
});

test('a body that is still on its way when the answer comes is left alone', async () => {
  const body = Buffer.allocUnsafeSlow(50_000_000).fill('c');
  const early: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 2 }).end('{}');
  };
  expect((await post(body, early)).text).toBe('{}');
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

test.each<[string, string | undefined, (text: string) => Buffer]>([
  ['gzip', 'gzip', gzipSync],
  ['gzip that is not labelled', undefined, gzipSync],
  ['gzip by its old name', 'X-GZip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its header', 'deflate', deflateRawSync],
  ['Brotli', 'br', brotliCompressSync],
  ['Zstandard', 'zstd', zstdCompressSync],
  ['plain text that is labelled gzip', 'gzip', Buffer.from],
  ['plain text of an unknown label', 'identity', Buffer.from],
])('a reply in %s is read', async (_, encoding, encode) => {
  const reply = JSON.stringify({ answer: '一只猫'.repeat(1_000) });
  const listener: RequestListener = (request, response) => {
    expect(request.headers).not.toHaveProperty('accept-encoding');
    if (encoding !== undefined) response.setHeader('content-encoding', encoding);
    response.end(encode(reply));
  };
  expect((await post(Buffer.from('a'), listener)).text).toBe(reply);
});

test('an error is decoded too, and what unfolds without end is not', async () => {
  const failing: RequestListener = (_, response) => {
    response.writeHead(400, { 'content-encoding': 'br' });
    response.end(brotliCompressSync('{"error":{"message":"Content Exists Risk"}}'));
  };
  await expect(post(Buffer.from('a'), failing)).rejects.toMatchObject({ reason: 'refused' });
  server.close();
  const bomb: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)));
  };
  await expect(post(Buffer.from('a'), bomb)).rejects.toMatchObject({ failure: { unusable: 'too_large' } });
});
