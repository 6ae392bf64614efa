import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchUploadRate } from '../../src/http/upload/min-upload-rate.ts';

/** A body that is being read, at 1000 bytes a second at least. */
function watched(minBytesPerS = 1000) {
  const body = new PassThrough();
  const errors: Error[] = [];
  const rate = watchUploadRate(body, minBytesPerS, (error) => errors.push(error));
  body.resume();
  async function send(bytesPerS: number, seconds: number) {
    for (let second = 0; second < seconds; second += 1) {
      if (bytesPerS > 0) body.write(Buffer.alloc(bytesPerS));
      await vi.advanceTimersByTimeAsync(1000);
    }
  }
  return { body, errors, rate, send };
}

describe('the rate of an upload', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is no reason to end one that comes slowly but steadily, or in bursts', async () => {
    const { errors, send } = watched();
    await send(1100, 90);
    await send(0, 20);
    await send(5000, 10);
    expect(errors).toEqual([]);
  });

  it('ends one that trickles, once', async () => {
    const { errors, send } = watched();
    await send(900, 29);
    expect(errors).toEqual([]);
    await send(900, 40);
    expect(errors).toMatchObject([{ status: 408, code: 'upload_too_slow' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not count time in which the service does not read', async () => {
    const { body, errors, send } = watched();
    body.pause();
    await send(0, 600);
    body.resume();
    await send(0, 29);
    expect(errors).toEqual([]);
    await send(0, 1);
    expect(errors).toHaveLength(1);
  });

  it('is not watched where none is too slow, nor once it is over', async () => {
    const free = watched(0);
    const over = watched();
    over.rate.stop();
    expect(vi.getTimerCount()).toBe(0);
    await free.send(0, 100);
    await over.send(0, 100);
    expect([...free.errors, ...over.errors]).toEqual([]);
  });
});
