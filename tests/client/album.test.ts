import { afterEach, describe, expect, test, vi } from 'vitest';
import { runAlbum } from '../../src/client/album.ts';
import type { PhotoOutcome } from '../../src/client/album-options.ts';
import type { PhotoAnswer } from '../../src/client/answer.ts';
import { ClientError } from '../../src/client/client-error.ts';
import type { AlbumPhoto } from '../../src/client/photo.ts';
import type { Transport } from '../../src/client/transport.ts';

const answer: PhotoAnswer = {
  category: 'pets',
  confidence: 0.9,
  inferenceMethod: 'llm',
  model: 'eyes',
  degraded: false,
};
const photo = (name: string, hash = name): AlbumPhoto => ({
  name,
  hash,
  sizeBytes: 10,
  read: () => new Uint8Array(),
});
const album = (count: number) => Array.from({ length: count }, (_, index) => photo(`p${index}`));

/** A service that answers every photo. */
function fakeTransport(overrides: Partial<Transport> = {}) {
  const batches: string[][] = [];
  const lookUps: string[][] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const transport: Transport = {
    lookUpSize: 100,
    batchSize: 1,
    batchBytes: 1_000,
    gatherMs: 0,
    atOnce: () => 4,
    async lookUp(hashes) {
      lookUps.push([...hashes]);
      return hashes.map(() => undefined);
    },
    async classify(batch, onOutcome) {
      batches.push(batch.map(({ hash }) => hash));
      inFlight += batch.length;
      mostInFlight = Math.max(mostInFlight, inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      for (const position of batch.keys()) {
        inFlight -= 1;
        onOutcome(position, answer);
      }
    },
    ...overrides,
  };
  return { transport, batches, lookUps, most: () => mostInFlight };
}

describe('an album', () => {
  test('is classified with the given number of photos at once, and every photo has a result', async () => {
    const { transport, batches, most } = fakeTransport();
    const summary = await runAlbum(album(250), transport, { concurrency: 7 });
    expect(summary).toMatchObject({ total: 250, finished: 250, succeeded: 250, byLlm: 250, failed: 0 });
    expect(batches).toHaveLength(250);
    expect(most()).toBe(7);
  });

  test('sends each set of bytes once, and answers duplicates from that', async () => {
    const { transport, batches } = fakeTransport();
    const photos = ['a', 'b', 'a', 'a', 'b'].map((hash, index) => photo(`p${index}`, hash));
    const summary = await runAlbum(photos, transport);
    expect(batches.flat().sort()).toEqual(['a', 'b']);
    expect(summary).toMatchObject({ succeeded: 5, byLlm: 2, fromCache: 3, duplicates: 3 });
  });

  test('sends nothing that the look-up knows', async () => {
    const known = { ...answer, inferenceMethod: 'cache' as const };
    const { transport, batches } = fakeTransport({ lookUp: async (hashes) => hashes.map(() => known) });
    expect(await runAlbum(album(30), transport)).toMatchObject({ fromCache: 30, byLlm: 0 });
    expect(batches).toEqual([]);
  });

  test('an unreadable photo fails alone', async () => {
    const { transport } = fakeTransport();
    const broken = { ...photo('broken'), hash: () => Promise.reject(new Error('EACCES')) };
    const summary = await runAlbum([...album(3), broken], transport);
    expect(summary).toMatchObject({ succeeded: 3, failed: 1 });
    expect(summary.reasons).toEqual({ unreadable: { count: 1, message: 'EACCES' } });
  });

  test('retries failures that may pass, and no others', async () => {
    const tries = new Map<string, number>();
    const { transport } = fakeTransport({
      async classify(batch, onOutcome) {
        const hash = batch[0]?.hash ?? '';
        tries.set(hash, (tries.get(hash) ?? 0) + 1);
        if (hash === 'p0') onOutcome(0, new ClientError('undecodable_image', 'no photo'));
        else if (tries.get(hash) === 1) throw new ClientError('unreachable', 'gone');
        else onOutcome(0, answer);
      },
    });
    const summary = await runAlbum(album(3), transport, { maxRetries: 1 });
    expect(summary).toMatchObject({ succeeded: 2, failed: 1 });
    expect(Object.fromEntries(tries)).toEqual({ p0: 1, p1: 2, p2: 2 });
  });

  test('continues a broken batch where it broke', async () => {
    const sent: number[] = [];
    const { transport } = fakeTransport({
      batchSize: 20,
      async classify(batch, onOutcome) {
        sent.push(batch.length);
        const end = sent.length === 1 ? 2 : batch.length;
        for (let position = 0; position < end; position++) onOutcome(position, answer);
        if (sent.length === 1) throw new ClientError('unreachable', 'gone');
      },
      gatherMs: 5,
    });
    const outcomes: PhotoOutcome<AlbumPhoto>[] = [];
    const onPhoto = (outcome: PhotoOutcome<AlbumPhoto>) => outcomes.push(outcome);
    const summary = await runAlbum(album(4), transport, { onPhoto });
    expect(summary.succeeded).toBe(4);
    expect(new Set(outcomes.map(({ index }) => index)).size).toBe(4);
    expect(sent.reduce((sum, count) => sum + count)).toBe(6);
  });

  test('stops on request: photos in flight finish, and no others start', async () => {
    const stop = new AbortController();
    const { transport, batches } = fakeTransport();
    let finished = 0;
    const summary = await runAlbum(album(100), transport, {
      concurrency: 4,
      stop: stop.signal,
      onPhoto() {
        finished += 1;
        if (finished === 10) stop.abort();
      },
    });
    expect(summary.finished).toBe(finished);
    expect(batches.length).toBe(finished);
    expect(finished).toBeLessThan(20);
  });

  test('an unreachable service fails the rest immediately', async () => {
    const gone = new ClientError('unreachable', 'not reachable');
    const { transport } = fakeTransport({ lookUp: () => Promise.reject(gone) });
    const summary = await runAlbum(album(500), transport, { maxRetries: 0 });
    expect(summary).toMatchObject({ failed: 500, reasons: { unreachable: { count: 500 } } });
  });

  test('sends the photos to a service without its store', async () => {
    const down = new ClientError('store_unavailable', 'down', { status: 503 });
    const { transport } = fakeTransport({ lookUp: () => Promise.reject(down) });
    expect(await runAlbum(album(5), transport)).toMatchObject({ succeeded: 5 });
  });

  describe('of 50 photos that take a second each', () => {
    afterEach(() => vi.useRealTimers());

    test.each([
      [1, 1, 0],
      [3, 1, 0],
      [10, 1, 0],
      [20, 1, 0],
      [1, 20, 10],
      [3, 20, 10],
      [10, 20, 10],
      [20, 20, 10],
    ])('keeps %i at once busy, in batches of up to %i', async (concurrency, batchSize, gatherMs) => {
      vi.useFakeTimers();
      const second = () => new Promise((resolve) => setTimeout(resolve, 1000));
      const { transport } = fakeTransport({
        batchSize,
        gatherMs,
        async classify(batch, onOutcome) {
          await Promise.all(batch.map((_, position) => second().then(() => onOutcome(position, answer))));
        },
      });
      const run = runAlbum(album(50), transport, { concurrency });
      await vi.runAllTimersAsync();
      const { durationMs, succeeded } = await run;
      expect(succeeded).toBe(50);
      expect(durationMs).toBeLessThanOrEqual(1.05 * Math.ceil(50 / concurrency) * 1000);
    });
  });

  test('gives up a photo when the longest wait with all tries is over', async () => {
    vi.useFakeTimers();
    let calls = 0;
    const { transport } = fakeTransport({
      async classify(_, onOutcome, signal) {
        calls += 1;
        if (calls === 1) return onOutcome(0, new ClientError('timeout', 'too late'));
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        throw new ClientError('aborted', 'The request was aborted.');
      },
    });
    const startedMs = Date.now();
    const run = runAlbum(album(1), transport, { maxWaitMs: 10_000 });
    await vi.runAllTimersAsync();
    expect((await run).reasons).toEqual({
      timeout: { count: 1, message: 'No answer came within 10 s.' },
    });
    expect([calls, Date.now() - startedMs]).toEqual([2, 10_000]);
  });

  test('an empty album is finished', async () => {
    expect(await runAlbum([], fakeTransport().transport)).toMatchObject({ total: 0, finished: 0 });
  });
});
