import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import multipart from '@fastify/multipart';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { openByteBudget } from '../../src/image/upload/byte-budget.ts';
import { type FileStream, receivedUpload, receiveUpload } from '../../src/image/upload/receive.ts';

const never = new AbortController().signal;

function receiving(stream: FileStream, { limitBytes = 1000, budgetBytes = 10_000, signal = never } = {}) {
  const budget = openByteBudget({ limitBytes: budgetBytes });
  return { budget, upload: receiveUpload(stream, { limitBytes, budget, signal }) };
}

const chunks = (...sizes: number[]) =>
  Readable.from(sizes.map((size, index) => Buffer.alloc(size, index + 1)));

describe('receiving an upload', () => {
  it('yields the bytes as they came and their SHA-256, and holds them until they are released', async () => {
    const { budget, upload } = receiving(chunks(300, 1, 200));
    const { bytes, sha256, release } = await upload;
    const expected = Buffer.concat([Buffer.alloc(300, 1), Buffer.alloc(1, 2), Buffer.alloc(200, 3)]);
    expect(bytes.equals(expected)).toBe(true);
    expect(sha256).toBe(createHash('sha256').update(expected).digest('hex'));
    expect(bytes.buffer.byteLength).toBe(501);
    expect(budget.status().usedBytes).toBe(501);
    release();
    release();
    expect(budget.status().usedBytes).toBe(0);
  });

  it('gathers files much larger than one block', async () => {
    const whole = Buffer.allocUnsafe(700_001);
    for (let at = 0; at < whole.length; at++) whole[at] = (at * 31) & 0xff;
    const { upload } = receiving(Readable.from([whole.subarray(0, 65_537), whole.subarray(65_537)]), {
      limitBytes: 700_001,
      budgetBytes: 1e6,
    });
    expect((await upload).bytes.equals(whole)).toBe(true);
  });

  it('frees the memory of its bytes with their release, without the garbage collector', async () => {
    const { bytes, release } = await receiving(chunks(300)).upload;
    release();
    expect(bytes.buffer).toMatchObject({ detached: true });
  });

  it('takes what is announced at once, but little for an announcement alone', async () => {
    const whole = Buffer.alloc(200_000, 7);
    for (const announcedBytes of [10_000_000, 200_100, 150, -5]) {
      const budget = openByteBudget({ limitBytes: 1e6 });
      const stream = new PassThrough();
      const before = process.memoryUsage().arrayBuffers;
      const options = { limitBytes: 12_000_000, announcedBytes, budget, signal: never };
      const upload = receiveUpload(stream, options);
      stream.write(whole.subarray(0, 100));
      await nextTurn();
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300_000);
      stream.end(whole.subarray(100));
      const { bytes } = await upload;
      expect(bytes.equals(whole)).toBe(true);
      expect(bytes.buffer.byteLength).toBe(whole.length);
    }
  });

  it('accepts a file of exactly the limit', async () => {
    expect((await receiving(chunks(600, 400)).upload).bytes.length).toBe(1000);
  });

  it('refuses a larger one after reading and dropping the rest', async () => {
    const stream = chunks(600, 600, 600);
    const { budget, upload } = receiving(stream);
    await expect(upload).rejects.toMatchObject({ code: 'file_too_large', status: 413 });
    expect(stream.readableEnded).toBe(true);
    expect(budget.status().usedBytes).toBe(0);
  });

  it('takes an empty file as it is: its format is what will be refused', async () => {
    expect((await receiving(chunks()).upload).bytes.length).toBe(0);
  });

  it('answers 400 when the stream fails or closes before its end', async () => {
    for (const cut of [
      (s: PassThrough) => s.destroy(new Error('Part terminated early')),
      (s: PassThrough) => s.destroy(),
    ]) {
      const stream = new PassThrough();
      const { budget, upload } = receiving(stream);
      stream.write(Buffer.alloc(100));
      await nextTurn();
      cut(stream);
      await expect(upload).rejects.toMatchObject({ status: 400, code: 'malformed_body' });
      expect(budget.status().usedBytes).toBe(0);
    }
    const gone = new PassThrough();
    gone.destroy();
    await expect(receiving(gone).upload).rejects.toMatchObject({ code: 'malformed_body' });
  });

  it('stops reading while the budget is full and goes on when there is room', async () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const full = budget.openTicket();
    full.take(100);
    full.complete();
    const stream = new PassThrough();
    const upload = receiveUpload(stream, { limitBytes: 1000, budget, signal: never });
    stream.write(Buffer.alloc(10));
    stream.end(Buffer.alloc(10));
    while (budget.status().waiting === 0) await nextTurn();
    expect(stream.isPaused()).toBe(true);
    full.release();
    expect((await upload).bytes.length).toBe(20);
  });

  it('ends at once when the caller is gone, whether it reads or waits for room', async () => {
    for (const limitBytes of [10, 1000]) {
      const budget = openByteBudget({ limitBytes });
      const full = budget.openTicket();
      full.take(10);
      full.complete();
      const controller = new AbortController();
      const stream = new PassThrough();
      const upload = receiveUpload(stream, { limitBytes: 1000, budget, signal: controller.signal });
      stream.write(Buffer.alloc(10));
      await nextTurn();
      controller.abort(new Error('gone'));
      await expect(upload).rejects.toThrow('gone');
      expect(budget.status()).toMatchObject({ usedBytes: 10, waiting: 0 });
      stream.write(Buffer.alloc(10));
      await nextTurn();
      expect(stream.readableLength).toBe(0);
    }
  });

  it('sees that the parser cut a file at its own limit, and still reads the part behind it', async () => {
    const app = Fastify();
    await app.register(multipart, { limits: { fileSize: 500 }, throwFileSizeLimit: false });
    app.post('/', async (request) => {
      const outcomes: unknown[] = [];
      for await (const part of request.parts()) {
        if (part.type !== 'file') continue;
        const { upload } = receiving(part.file);
        outcomes.push(
          await upload.then(
            ({ bytes }) => bytes.length,
            ({ code }) => code,
          ),
        );
      }
      return outcomes;
    });
    const form = new FormData();
    form.append('images', new Blob([Buffer.alloc(501)]), 'a.jpg');
    form.append('images', new Blob([Buffer.alloc(500)]), 'b.jpg');
    const request = new Request('http://localhost/', { method: 'POST', body: form });
    const answer = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': request.headers.get('content-type') ?? '' },
      payload: Buffer.from(await request.arrayBuffer()),
    });
    expect(answer.json()).toEqual(['file_too_large', 500]);
    await app.close();
  });

  it('transfers its bytes and takes them back, unless it was released', async () => {
    const upload = receivedUpload(Buffer.from('photo'), 'a'.repeat(64), () => {});
    const { size } = await upload.transfer(async (bytes) => {
      expect(() => upload.bytes).toThrow(/transferred/);
      return { bytes: Buffer.from(bytes), size: bytes.length };
    });
    expect([size, upload.bytes.toString()]).toEqual([5, 'photo']);
    await upload.transfer(async (bytes) => {
      upload.release();
      return { bytes };
    });
    expect(() => upload.bytes).toThrow(/released/);
  });
});
