import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { type FormPart, formOf, get, post, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { type FakeVendor, fakeVendors } from '../support/fake-vendors.ts';
import { longTest } from '../support/long-test.ts';
import { spawnService } from '../support/service-process.ts';
import { writeColourModel } from '../support/tiny-model.ts';
import { vendorErrors } from '../support/vendor-errors.ts';
import '../support/vendor-hosts.ts';

vi.setConfig({ testTimeout: 180_000 });
vi.setConfig({ expect: { poll: { timeout: 120_000 } } });

let folder: string;
let picture: Buffer<ArrayBuffer>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-lane-'));
  await writeColourModel(join(folder, 'model'), { labels: ['foods', 'pets', 'other'] });
  const create = { width: 64, height: 64, channels: 3, background: '#963' } as const;
  picture = Buffer.from(await sharp({ create }).jpeg().toBuffer());
});
afterEach(() => rmSync(folder, { recursive: true }));

const pets = { content: { category: 'pets', confidence: 0.9 } };
const photo = (index: number) => Buffer.concat([picture, Buffer.from(`#${index}`)]);
const hashOf = (index: number) => createHash('sha256').update(photo(index)).digest('hex');
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

async function startVendor(vendor: FakeVendor): Promise<FakeLlm & { readonly url: string }> {
  const fake = await startFakeLlm({ vendor, behave: pets });
  onTestFinished(() => fake.close());
  const there = new URL(vendor.baseUrl);
  return Object.assign(fake, { url: `http://${there.hostname}:${fake.port}${there.pathname}` });
}

/** Everyday calls go to one fake, those of the album lane to another. */
const twoProviders = (vendor: string, everyday: string, slow: string) => ({
  MODEL_DIR: join(folder, 'model'),
  BATCH_DEADLINE: '170',
  // The photos here differ in invisible bytes.
  NEAR_DUPLICATES: 'off',
  LLM_PROVIDERS: 'everyday,slow',
  LLM_EVERYDAY_PROVIDER: vendor,
  LLM_EVERYDAY_BASE_URL: everyday,
  LLM_EVERYDAY_API_KEY: 'sk-everyday',
  LLM_SLOW_PROVIDER: vendor,
  LLM_SLOW_BASE_URL: slow,
  LLM_SLOW_API_KEY: 'sk-slow',
  LLM_SLOW_LANE: 'album',
});

async function start(environment: Record<string, string>) {
  const app = await startApp({ SQLITE_FILE: join(folder, 'album.db'), OPS_TOKEN: 'secret', ...environment });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await app.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { ...app, close };
}

/** Sends photos in batches of twenty, in the album lane. @returns the data of each */
async function sendAlbum(url: string, indices: readonly number[]) {
  const batches = Map.groupBy(indices, (index) => Math.floor(index / 20));
  const replies = await Promise.all(
    [...batches.values()].map((batch) =>
      post(
        `${url}/api/v1/classify/batch`,
        formOf([
          { name: 'lane', value: 'album' },
          ...batch.map((index) => ({ name: 'images', value: photo(index) })),
        ]),
      ),
    ),
  );
  return replies.flatMap(({ body }) => body.items.map(({ data }: { data: object }) => data));
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads any shape and asserts it
async function lookUp(url: string, indices: readonly number[]): Promise<any[]> {
  const items = [];
  for (let from = 0; from < indices.length; from += 100) {
    const image_hashes = indices.slice(from, from + 100).map(hashOf);
    const { body } = await post(`${url}/api/v1/classify/batch-check-cache`, { image_hashes });
    items.push(...body.items.map(({ data }: { data: object }) => data));
  }
  return items;
}

const isBetter = (data: { inference_method: string; degraded: boolean; category: string } | null) =>
  data?.degraded === false && data.category === 'pets';

async function countBetter(url: string, indices: readonly number[]): Promise<number> {
  return (await lookUp(url, indices)).filter(isBetter).length;
}

function spentMicro(): number[] {
  const database = new DatabaseSync(join(folder, 'album.db'), { readOnly: true });
  try {
    return database
      .prepare('SELECT spent_micro FROM llm_spend')
      .all()
      .map(({ spent_micro }) => Number(spent_micro));
  } finally {
    database.close();
  }
}

test('200 photos have local answers before the vendor gives any, then better ones, each paid once at half price', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  const release = slow.hold();
  const { url, services } = await start({
    ...twoProviders('openai', everyday.url, slow.url),
    LLM_BUDGET_DAILY: '1',
  });
  const all = range(200);
  const answers = await sendAlbum(url, all);
  expect(answers).toHaveLength(200);
  for (const data of answers)
    expect(data).toMatchObject({ inference_method: 'local', degraded: true, better_answer: 'pending' });
  expect(await countBetter(url, all)).toBe(0);
  // Sent once more, a photo is not in the lane twice.
  await sendAlbum(url, all.slice(0, 20));
  expect(services.albumLane?.state().photos).toBe(200);
  release();
  await expect.poll(() => countBetter(url, all)).toBe(200);
  expect(slow.calls).toHaveLength(200);
  expect(everyday.calls).toHaveLength(0);
  expect(new Set(slow.calls.map(({ body }) => body.service_tier))).toEqual(new Set(['flex']));
  // 250 tokens of text and those of a small picture, 30 of reply, at 0.05 and 0.25 USD a million.
  const pictureTokens = fakeVendors.openai.pictureTokens(64, 64);
  const callMicro = Math.ceil((250 + pictureTokens) * 0.05 + 30 * 0.25);
  await expect.poll(spentMicro).toEqual([200 * callMicro, 200 * callMicro]);
  const metrics = await get(`${url}/metrics`, { authorization: 'Bearer secret' });
  expect(metrics.body).toMatch(/^album_lane_photos_total\{outcome="answered"\} 200$/m);
  expect(metrics.body).toMatch(/^album_lane_photos 0$/m);
  // Nothing has failed, so nothing is counted as degraded.
  expect(metrics.body).not.toMatch(/^album_photos_degraded_total [1-9]/m);
  const { body } = await get(`${url}/api/v1/stats/today`, { authorization: 'Bearer secret' });
  expect(body).toMatchObject({ llm_calls: 200, llm_cost: (200 * callMicro) / 1e6, degraded: 0 });
});

test('DashScope gets photos that may wait at its address for batches, all others at its usual one', async () => {
  const beijing = fakeVendors.dashscope;
  const everyday = await startVendor(beijing);
  const slow = await startVendor({
    ...beijing,
    baseUrl: 'https://batch.dashscope.aliyuncs.com/compatible-mode/v1',
  });
  const { url } = await start({
    ...twoProviders('dashscope', everyday.url, slow.url),
    LLM_BUDGET_DAILY: '1',
    LLM_SLOW_TIMEOUT: '59',
  });
  await sendAlbum(url, range(3));
  await expect.poll(() => countBetter(url, range(3))).toBe(3);
  const { body } = await post(`${url}/api/v1/classify`, formOf([{ name: 'image', value: photo(9) }]));
  expect(body.data).toMatchObject({ inference_method: 'llm', degraded: false });
  expect(body.data).not.toHaveProperty('better_answer');
  await post(`${url}/api/v1/classify/batch`, formOf([{ name: 'images', value: photo(8) }]));
  expect([slow.calls.length, everyday.calls.length]).toEqual([3, 2]);
  // Half of 0.2 and 0.8 CNY a million; half of what an everyday call costs.
  const tokens = 250 + beijing.pictureTokens(64, 64);
  const [slowMicro, everydayMicro] = [0.5, 1].map((part) => Math.ceil(part * (tokens * 0.2 + 30 * 0.8)));
  const sum = 3 * (slowMicro ?? 0) + 2 * (everydayMicro ?? 0);
  await expect.poll(spentMicro).toEqual([sum, sum]);
  // One of the two could have waited.
  const savings = await get(`${url}/api/v1/stats/savings`, { authorization: 'Bearer secret' });
  expect(savings.body.data.album_lane.batch_share).toBeCloseTo((everydayMicro ?? 0) / sum, 4);
});

test('a corrected photo expects no better answer', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  onTestFinished(slow.hold());
  const { url } = await start(twoProviders('openai', everyday.url, slow.url));
  const own = { 'x-user-id': 'owner' };
  const lane = { name: 'lane', value: 'album' };
  const send = async () => {
    const form = formOf([lane, { name: 'images', value: photo(1) }]);
    return (await post(`${url}/api/v1/classify/batch`, form, own)).body.items[0].data;
  };
  expect(await send()).toMatchObject({ better_answer: 'pending' });
  await post(`${url}/api/v1/feedback`, { image_hash: hashOf(1), category: 'screenshot' }, own);
  const data = await send();
  expect(data).toMatchObject({ category: 'screenshot', degraded: false });
  expect(data).not.toHaveProperty('better_answer');
});

test('a photo waits while the flexible tier has no room, and is sent again until it has', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  slow.behave(({ index }) => (index < 3 ? vendorErrors.openai.flexUnavailable : pets));
  const { url } = await start({
    ...twoProviders('openai', everyday.url, slow.url),
    LLM_BUDGET_DAILY: '1',
  });
  await sendAlbum(url, range(6));
  await expect.poll(() => countBetter(url, range(6))).toBe(6);
  expect(slow.calls).toHaveLength(9);
  expect(everyday.calls).toHaveLength(0);
});

test.each([
  ['a budget limits what that may cost', { LLM_BUDGET_DAILY: '1' }, 4],
  ['and not without a budget', {}, 0],
])('the usual provider stands in for a slow one that fails where %s', async (_, budget, calls) => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  slow.behave(vendorErrors.openai.model);
  const { url, services } = await start({
    ...twoProviders('openai', everyday.url, slow.url),
    ...budget,
  });
  await sendAlbum(url, range(4));
  await expect.poll(() => services.albumLane?.state().photos).toBe(0);
  expect(await countBetter(url, range(4))).toBe(calls);
  expect(everyday.calls).toHaveLength(calls);
});

test('a photo for which there is no room says so, and another client never waits for a call in flight', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  const release = slow.hold();
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const create = { width: 512, height: 512, channels: 3, background: '#963', noise } as const;
  picture = Buffer.from(await sharp({ create }).jpeg().toBuffer());
  const { url, services } = await start({
    ...twoProviders('openai', everyday.url, slow.url),
    LLM_ALBUM_MEMORY_MB: '1',
    LLM_SLOW_MAX_CONCURRENCY: '50',
    PROVISIONAL_TTL: '0',
  });
  const answers = await sendAlbum(url, range(20));
  const pending = range(20).filter((index) => answers[index]?.better_answer === 'pending');
  expect(pending.length).toBeGreaterThan(0);
  expect(answers.filter(({ better_answer }) => better_answer === 'no_room')).toHaveLength(
    20 - pending.length,
  );
  expect(services.albumLane?.state().photos).toBe(pending.length);
  // One caller does not fill the lane alone.
  expect(services.albumLane?.state().bytes).toBeLessThanOrEqual(1e6 / 2);
  await slow.received(pending.length);
  const one = await post(
    `${url}/api/v1/classify`,
    formOf([{ name: 'image', value: photo(pending[0] ?? 0) }]),
  );
  expect(one.body.data).toMatchObject({ degraded: true, better_answer: 'pending' });
  release();
  await expect.poll(() => services.albumLane?.state().photos).toBe(0);
  expect([slow.calls.length, everyday.calls.length]).toEqual([pending.length, 0]);
});

test('what is forgotten leaves the lane: it is not sent, and an answer that still comes is not stored', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  const release = slow.hold();
  const { url, services } = await start({
    ...twoProviders('openai', everyday.url, slow.url),
    LLM_SLOW_MAX_CONCURRENCY: '1',
  });
  await sendAlbum(url, range(8));
  await slow.received(1);
  const forget = (what: object) => post(`${url}/api/v1/forget`, what, { authorization: 'Bearer secret' });
  for (const index of [0, 7])
    expect(await forget({ image_hash: hashOf(index) })).toMatchObject({ status: 200 });
  expect(services.albumLane?.has(hashOf(7))).toBe(false);
  release();
  await expect.poll(() => services.albumLane?.state().photos).toBe(0);
  expect((await lookUp(url, range(8))).map(isBetter)).toEqual(range(8).map((index) => index % 7 > 0));
  expect(slow.calls).toHaveLength(7);
  const { body } = await get(`${url}/metrics`, { authorization: 'Bearer secret' });
  expect(body).toMatch(/^album_lane_photos_total\{outcome="forgotten"\} 2$/m);
});

test('a service that stops gives up what waits, and counts it', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  onTestFinished(slow.hold());
  const app = await start({
    ...twoProviders('openai', everyday.url, slow.url),
    LLM_SLOW_MAX_CONCURRENCY: '1',
  });
  await sendAlbum(app.url, range(20));
  await slow.received(1);
  app.services.stopTaking();
  const waiting = app.services.albumLane?.state().photos ?? 0;
  expect(waiting).toBeLessThan(20);
  const { body } = await get(`${app.url}/metrics`, { authorization: 'Bearer secret' });
  expect(body).toContain(`album_lane_photos_total{outcome="dropped"} ${20 - waiting}\n`);
  await app.close();
  expect(slow.calls.every(({ isAborted }) => isAborted)).toBe(true);
});

longTest('after a kill the local answers are there, and what is sent again is paid once', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  const plain = (fake: FakeLlm) => `http://127.0.0.1:${fake.port}/v1`;
  const environment = {
    ...twoProviders('openai', plain(everyday), plain(slow)),
    SQLITE_FILE: join(folder, 'album.db'),
    LLM_EVERYDAY_MODEL: 'gpt-6-luna',
    LLM_SLOW_MODEL: 'gpt-6-luna',
    LLM_EXTRA_BODY: '{"max_tokens":null,"max_completion_tokens":300,"reasoning_effort":"none"}',
    LLM_SLOW_MAX_CONCURRENCY: '2',
  };
  const hang = Promise.withResolvers<typeof pets>();
  slow.behave(({ index }) => (index < 5 ? pets : hang.promise));
  const first = await spawnService(environment);
  await first.ready();
  await sendAlbum(first.url, range(20));
  await slow.received(7);
  await expect.poll(() => countBetter(first.url, range(20))).toBe(5);
  first.child.kill('SIGKILL');
  await first.exited;
  const second = await spawnService(environment);
  await second.ready();
  const found = await lookUp(second.url, range(20));
  expect(found.filter(isBetter)).toHaveLength(5);
  expect(found.filter((data) => data?.degraded)).toHaveLength(15);
  slow.behave(pets);
  await sendAlbum(second.url, range(20));
  await expect.poll(() => countBetter(second.url, range(20))).toBe(20);
  hang.resolve(pets);
  // Two calls were in flight when the process was killed: their answers are lost.
  expect(slow.calls).toHaveLength(20 + 2);
  expect(everyday.calls).toHaveLength(0);
});

test('what another process was told to forget just before the answer came is not stored', async () => {
  const everyday = await startVendor(fakeVendors.openai);
  const slow = await startVendor(fakeVendors.openai);
  const release = slow.hold();
  const { url, services } = await start(twoProviders('openai', everyday.url, slow.url));
  await sendAlbum(url, range(2));
  await slow.received(2);
  const file = { SQLITE_FILE: join(folder, 'album.db') };
  expect(await runCli(folder, ['forget', 'hash', hashOf(0)], file)).toMatchObject({ code: 0 });
  release();
  await expect.poll(() => services.albumLane?.state().photos).toBe(0);
  expect((await lookUp(url, range(2))).map(isBetter)).toEqual([false, true]);
});

test.each(['v1', 'v2'])(
  'a lane counts for the photos behind it, and one that does not exist is refused by %s',
  async (version) => {
    const everyday = await startVendor(fakeVendors.openai);
    const slow = await startVendor(fakeVendors.openai);
    const { url } = await start(twoProviders('openai', everyday.url, slow.url));
    const path = `${url}/api/${version}/classify/batch`;
    const image = (index: number) => ({ name: 'images', value: photo(index) });
    const lane = (value: string) => ({ name: 'lane', value });
    const items = range(3).map((index) => ({ index, image_uri: '' }));
    const metadata = { name: 'image_metadata', value: JSON.stringify({ items }) };
    const send = (...parts: FormPart[]) => post(path, formOf([...parts, metadata]));
    const unknown = await send(lane('fast'), image(1), image(2), image(3));
    expect(unknown).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(everyday.calls).toHaveLength(0);
    const { status, body } = await send(image(1), lane('album'), image(2), lane('fast'), image(3));
    expect(status).toBe(200);
    const answers = (body.items ?? body.results).map((item: { data?: object }) => item.data ?? item);
    expect(answers).toMatchObject([
      { inference_method: 'llm', degraded: false },
      { inference_method: 'local', better_answer: 'pending' },
      { inference_method: 'local', better_answer: 'pending' },
    ]);
    await slow.received(2);
    expect(everyday.calls).toHaveLength(1);
  },
);
