import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { type AlbumPhoto, albumClient, ClientError } from '../../src/client/client.ts';
import { type Sample, sampleBytes, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(settings: Record<string, string> = {}) {
  const fake = await startFakeLlm();
  closers.push(() => fake.close());
  // Photos that differ in a byte behind their end are copies of one another.
  const app = await startApp({
    LLM_BASE_URL: fake.baseUrl,
    LLM_MODEL: 'eyes',
    NEAR_DUPLICATES: 'off',
    ...settings,
  });
  closers.push(() => app.close());
  return { fake, app, client: albumClient({ baseUrl: app.url, userId: 'a-phone' }) };
}

function photos(count: number): AlbumPhoto[] {
  const names: Sample[] = ['bank-card.jpg', 'cat.jpg'];
  return Array.from({ length: count }, (_, index) => ({
    name: `照片${index}.jpg`,
    read: () => new Blob([sampleBytes(names[index % 2] ?? 'cat.jpg'), String(index)]),
  }));
}

describe('the client', () => {
  test('uploads an album once and finds all of it by hash the second time', async () => {
    const { client, fake } = await start();
    const broken = { name: 'broken.jpg', read: () => new Uint8Array([1, 2, 3]) };
    const first = await client.classifyAlbum([...photos(25), broken]);
    expect(first).toMatchObject({ total: 26, succeeded: 25, byLlm: 25, failed: 1 });
    expect(first.reasons.unsupported_format?.count).toBe(1);
    expect(fake.calls).toHaveLength(25);
    const second = await client.classifyAlbum(photos(25));
    expect(second).toMatchObject({ succeeded: 25, fromCache: 25 });
    expect(fake.calls).toHaveLength(25);
  });

  test('classifies one photo and looks hashes up', async () => {
    const { client, fake } = await start();
    fake.behave({ content: { category: 'qrcode', confidence: 0.8 } });
    const [photo] = photos(1);
    if (!photo) throw new Error('no photo');
    expect(await client.classify(photo)).toMatchObject({ category: 'qrcode', inferenceMethod: 'llm' });
    expect(await client.classify(photo)).toMatchObject({ category: 'qrcode', inferenceMethod: 'cache' });
    expect(await client.lookUp(['0'.repeat(64)])).toEqual([undefined]);
    expect((await client.health()).status).toBe('healthy');
  });

  longTest('asks again about photos that a weaker method answered, until a better answer comes', async () => {
    const { client, fake } = await start({ PROVISIONAL_TTL: '0' });
    fake.behave({ content: 'no answer' });
    const told: string[] = [];
    const onPhoto = ({ photo }: { photo: AlbumPhoto }) => void told.push(photo.name);
    expect(await client.classifyAlbum(photos(3), { onPhoto })).toMatchObject({ succeeded: 3, degraded: 3 });
    expect(told).toHaveLength(3);
    // The same photos, described anew.
    await client.classifyAlbum(photos(3));
    expect(await client.classifyDegraded()).toMatchObject({ total: 3, degraded: 3 });
    fake.behave({ content: { category: 'qrcode', confidence: 0.8 } });
    expect(await client.classifyDegraded({ onPhoto })).toMatchObject({ total: 3, degraded: 0, byLlm: 3 });
    expect(told).toHaveLength(6);
    expect(await client.classifyDegraded()).toMatchObject({ total: 0 });
  });

  test('sends its API key to a service that requires one, and never shows it', async () => {
    const app = await startApp({ API_KEYS: 'required' });
    closers.push(() => app.close());
    const key = { id: '0123456789ab', secret: 'S'.repeat(32) };
    const secretSha256 = createHash('sha256').update(key.secret).digest('hex');
    await app.services.apiKeys.save({ id: key.id, name: 'phone', secretSha256, createdAt: 1 });
    const apiKey = `ack_${key.id}_${key.secret}`;
    const [photo] = photos(1);
    if (!photo) throw new Error('no photo');
    const welcome = albumClient({ baseUrl: app.url, apiKey });
    expect(await welcome.classify(photo)).toMatchObject({ inferenceMethod: 'local' });
    const stranger = albumClient({ baseUrl: app.url });
    await expect(stranger.classify(photo)).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
    expect(() => albumClient({ baseUrl: app.url, apiKey: `${apiKey}\n` })).toThrow(
      expect.objectContaining({ code: 'bad_api_key', message: expect.not.stringContaining('ack_') }),
    );
  });

  test('takes hashes from a function of the app, and an address without a scheme', async () => {
    const { app } = await start();
    const asked: unknown[] = [];
    const hash = (content: unknown) => {
      asked.push(content);
      return createHash('sha256').update(sampleBytes('cat.jpg')).digest('hex').toUpperCase();
    };
    const client = albumClient({ baseUrl: app.url.replace('http://', ''), hash });
    const bytes = sampleBytes('cat.jpg');
    const cat = { name: 'cat.jpg', read: () => bytes };
    await client.classify(cat);
    expect(await client.classify(cat)).toMatchObject({ inferenceMethod: 'cache' });
    expect(asked).toEqual([bytes, bytes]);
  });

  test('says what is wrong in one error class', async () => {
    const { client, app } = await start();
    const words = { name: 'words.jpg', read: () => new Uint8Array([1]) };
    await expect(client.classify(words)).rejects.toMatchObject({ code: 'unsupported_format' });
    expect(await client.lookUp(['no hash'])).toEqual([undefined]);
    const unreachable = albumClient({ baseUrl: 'http://127.0.0.1:9' });
    await expect(unreachable.health()).rejects.toBeInstanceOf(ClientError);
    const elsewhere = albumClient({ baseUrl: `${app.url}/nowhere` });
    await expect(elsewhere.health()).rejects.toMatchObject({ status: 404 });
  });

  test('gives up what is in flight when it is aborted', async () => {
    const { client, fake } = await start();
    fake.hold();
    const abort = new AbortController();
    const album = client.classifyAlbum(photos(10), { signal: abort.signal });
    await fake.received(1);
    abort.abort();
    expect(await album).toMatchObject({ total: 10, finished: 0 });
  });

  test('works where the platform streams nothing, as React Native', async () => {
    const { app } = await start();
    const unstreamed: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const text = await response.text();
      return Object.assign(new Response(null, response), {
        text: async () => text,
        json: async () => JSON.parse(text),
      });
    };
    const client = albumClient({ baseUrl: app.url, fetch: unstreamed });
    expect(await client.classifyAlbum(photos(3))).toMatchObject({ succeeded: 3 });
  });
});
