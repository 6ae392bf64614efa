/** What table.ts compares with: the least that each kind of request can cost. A child of table.ts. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import multipart from '@fastify/multipart';
import Fastify from 'fastify';
import { createPool } from 'mysql2/promise';
import sharp from 'sharp';

const [, , kind = '', argument = ''] = process.argv;
const answer = {
  success: true,
  cached: true,
  data: {
    category: 'pets',
    confidence: 0.93,
    description: '一只猫趴在沙发上。',
    inference_method: 'llm',
    model_used: 'gpt-6-luna',
  },
  from_cache: true,
  request_id: 'req_1795745727_93597687ee2b',
  timestamp: '2026-11-27T02:15:27.948Z',
};
const data = {
  type: 'object',
  properties: {
    category: { type: 'string' },
    confidence: { type: 'number' },
    description: { type: 'string' },
    inference_method: { type: 'string' },
    model_used: { type: 'string' },
  },
};
const envelope = { request_id: { type: 'string' }, timestamp: { type: 'string' } };
const hash = { type: 'string', pattern: '^[0-9a-fA-F]{64}$' };

const rivals: Record<string, () => Promise<number>> = {
  /** Fastify with one route each, schemas on both ways, and an answer that is always the same. */
  async bare() {
    const app = Fastify();
    const properties = {
      success: { type: 'boolean' },
      cached: { type: 'boolean' },
      data,
      from_cache: { type: 'boolean' },
      ...envelope,
    };
    app.post(
      '/api/v1/classify/check-cache',
      {
        schema: {
          body: { type: 'object', required: ['image_hash'], properties: { image_hash: hash } },
          response: { 200: { type: 'object', properties } },
        },
      },
      async () => answer,
    );
    const item = {
      type: 'object',
      properties: { image_hash: { type: 'string' }, cached: { type: 'boolean' }, data },
    };
    app.post<{ Body: { image_hashes: string[] } }>(
      '/api/v1/classify/batch-check-cache',
      {
        schema: {
          body: {
            type: 'object',
            properties: { image_hashes: { type: 'array', items: { type: 'string' } } },
          },
          response: {
            200: {
              type: 'object',
              properties: {
                success: { type: 'boolean' },
                total: { type: 'integer' },
                items: { type: 'array', items: item },
                ...envelope,
              },
            },
          },
        },
      },
      async ({ body }) => ({
        ...answer,
        total: body.image_hashes.length,
        items: body.image_hashes.map((image_hash) => ({ image_hash, cached: true, data: answer.data })),
      }),
    );
    await app.listen({ port: 0, host: '127.0.0.1' });
    return (app.server.address() as AddressInfo).port;
  },

  /** The same route, with one query by primary key through a pool of ten connections. */
  async query() {
    const pool = createPool({ uri: argument, connectionLimit: 10 });
    const app = Fastify();
    app.post<{ Body: { image_hash: string } }>('/api/v1/classify/check-cache', async ({ body }) => {
      const [rows] = await pool.execute('SELECT * FROM bench_results WHERE sha256 = ?', [body.image_hash]);
      return { ...answer, data: (rows as object[])[0] };
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return (app.server.address() as AddressInfo).port;
  },

  /** Reads a body and hashes it. */
  async drain() {
    const server = createServer(async (request, response) => {
      const sha256 = createHash('sha256');
      for await (const chunk of request) sha256.update(chunk);
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"success":true,"hash":"${sha256.digest('hex')}"}`);
    });
    return listen(server);
  },

  /** One process: reads the form, shrinks the photo with sharp, asks the vendor, passes its words on. */
  async forward() {
    const app = Fastify();
    await app.register(multipart, { limits: { fileSize: 50e6 } });
    app.post('/api/v1/classify', async (request) => {
      const file = await request.file();
      const photo = await file?.toBuffer();
      const jpeg = await sharp(photo)
        .rotate()
        .resize(512, 512, { fit: 'inside' })
        .jpeg({ quality: 80 })
        .toBuffer();
      const url = `data:image/jpeg;base64,${jpeg.toString('base64')}`;
      const content = [{ type: 'image_url', image_url: { url, detail: 'low' } }];
      const reply = await fetch(`${argument}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-6-luna', messages: [{ role: 'user', content }] }),
      });
      const { choices } = (await reply.json()) as { choices: { message: { content: string } }[] };
      return { success: true, data: JSON.parse(choices[0]?.message.content ?? '{}') };
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return (app.server.address() as AddressInfo).port;
  },
};

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const port = await rivals[kind]?.();
process.send?.({ port });
process.on('SIGTERM', () => process.exit(0));
