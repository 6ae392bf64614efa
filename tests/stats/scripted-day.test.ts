import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect } from 'vitest';
import { percentileError } from '../../src/stats/latency.ts';
import { formOf, get, post, type Sample, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const price = 0.01;
let folder: string;
let llm: FakeLlm;
const running = new Set<App>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-day-'));
  llm = await startFakeLlm();
});
afterEach(async () => {
  for (const app of running) await app.close();
  running.clear();
  await llm.close();
  rmSync(folder, { recursive: true });
});

/** No day ends while the test runs. */
function whereItIsNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

/** One replica of a service on the same database. */
async function replica(): Promise<App> {
  const app = await startApp({
    SQLITE_FILE: join(folder, 'album.db'),
    LLM_BASE_URL: llm.baseUrl,
    COST_PER_API_CALL: String(price),
    SHADOW_PERCENT: '100',
    TIME_ZONE: whereItIsNoon(),
    NEAR_DUPLICATES: 'off',
    HIT_RECORDS: 'all',
  });
  running.add(app);
  return app;
}

async function stop(app: App): Promise<void> {
  running.delete(app);
  await app.close();
}

const photo = (name: Sample, tail = '') => Buffer.concat([sampleBytes(name), Buffer.from(tail)]);
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const original = (name: string) => hashOf(Buffer.from(`the original of ${name}`));

function upload(app: App, user: string, bytes: Buffer<ArrayBuffer>, claimed?: string) {
  const parts = [
    { name: 'image', value: bytes },
    ...(claimed ? [{ name: 'image_hash', value: claimed }] : []),
  ];
  return post(`${app.url}/api/v1/classify`, formOf(parts), { 'x-user-id': user });
}

function batch(app: App, user: string, photos: readonly Buffer<ArrayBuffer>[]) {
  const form = formOf(photos.map((value) => ({ name: 'images', value })));
  return post(`${app.url}/api/v1/classify/batch`, form, { 'x-user-id': user });
}

function check(app: App, user: string, hashes: readonly string[]) {
  const body = { image_hashes: hashes };
  return post(`${app.url}/api/v1/classify/batch-check-cache`, body, { 'x-user-id': user });
}

const reportOf = async (app: App, path: string) => (await get(`${app.url}/api/v1/stats/${path}`)).body;

/** Nearest rank, of what the records themselves say. */
function exactPercentiles(outcome: string): Record<'p50' | 'p95' | 'p99', number> {
  const database = new DatabaseSync(join(folder, 'album.db'), { readOnly: true });
  const rows = database
    .prepare('SELECT duration_ms FROM photos WHERE outcome = ? ORDER BY duration_ms')
    .all(outcome);
  database.close();
  const at = (share: number) => Number(rows[Math.ceil(share * rows.length) - 1]?.duration_ms);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

longTest(
  'a day of known traffic on two replicas, one of them restarted: every figure is the truth',
  async () => {
    let [one, two] = [await replica(), await replica()];

    // Four new photos, the third after a failure that is tried again: 5 calls, 4 answered.
    await upload(one, 'anna', photo('cat.jpg'), original('cat'));
    await upload(two, 'bert', photo('coffee.jpg'));
    llm.behave(({ index }) =>
      index === 2 ? { status: 500, body: {} } : { content: { category: 'foods', confidence: 0.5 } },
    );
    await upload(one, 'anna', photo('pagoda.jpg'));
    await upload(two, 'anna', photo('flower.jpg'));

    // Hits: memory on the same replica, store on the other one.
    await upload(one, 'bert', photo('cat.jpg'));
    await upload(two, 'bert', photo('cat.jpg'));
    await upload(two, 'bert', photo('cat.jpg'));

    // Three at once for one new photo: one call, two that joined it.
    const release = llm.hold();
    const joined = [upload(one, 'carl', photo('cat.jpg', 'x')), upload(one, 'dora', photo('cat.jpg', 'x'))];
    joined.push(upload(one, 'dora', photo('cat.jpg', 'x')));
    await llm.received(6);
    await expect.poll(async () => one.services.state().children.busy).toBe(0);
    await new Promise(setImmediate);
    release();
    await Promise.all(joined);

    // Failures of two kinds, one of them in a batch with a hit and a new photo.
    await upload(one, 'anna', Buffer.from('words'));
    await batch(one, 'anna', [photo('cat.jpg'), Buffer.from('more words'), photo('bank-card.jpg')]);

    // The LLM is down: the local model stands in.
    llm.behave({ status: 401, body: {} });
    const degraded = await upload(two, 'bert', photo('astronaut.jpg'));
    expect(degraded.body.data).toMatchObject({ inference_method: 'local', degraded: true });

    // In the middle of it, one replica goes and comes back with an empty memory.
    await stop(one);
    one = await replica();

    // Look-ups: verified (store), claimed by anna (a claim), and unknown ones.
    await check(one, 'carl', [hashOf(photo('coffee.jpg')), 'a'.repeat(64), 'b'.repeat(64)]);
    await check(one, 'anna', [original('cat'), 'c'.repeat(64)]);
    // And a photo without a user id.
    await post(`${two.url}/api/v1/classify/check-cache`, { image_hash: 'd'.repeat(64) });
    await Promise.all([one, two].map((app) => app.services.stats.flush()));

    const calls = llm.calls.length;
    for (const app of [one, two]) {
      const today = await reportOf(app, 'today');
      expect(today).toMatchObject({
        // 12 single uploads, a batch, three look-ups.
        requests: 16,
        lookups: 6,
        lookup_hits: 2,
        lookup_misses: 4,
        photos: 17,
        uploads: 15,
        hits: 8,
        hits_by_kind: { memory: 3, store: 2, claim: 1, flight: 2, near: 0 },
        misses: 7,
        hit_rate: 0.5333,
        llm: 6,
        local: 1,
        failed: 2,
        degraded: 1,
        unique_users: 4,
        llm_calls: calls,
        llm_calls_answered: 6,
        llm_cost: 6 * price,
        llm_cost_saved: 8 * price,
        errors: { unsupported_format: 2 },
      });
      expect(today.agreement.compared).toBe(6);
      expect(today.categories.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(15);
      for (const outcome of ['llm', 'memory', 'failed']) {
        const reported = today.latency_ms[outcome];
        for (const [name, exact] of Object.entries(exactPercentiles(outcome)))
          expect(Math.abs(reported[name] - exact)).toBeLessThanOrEqual(
            exact <= 10 ? 0 : exact * percentileError,
          );
      }

      const efficiency = (await reportOf(app, 'cache-efficiency')).data;
      expect(efficiency).toMatchObject({
        total_hits: 8,
        times_saved: 8,
        cost_saved: 8 * price,
        lookup_misses: 4,
      });
      const methods = (await reportOf(app, 'inference-method')).data;
      expect(methods).toMatchObject({
        total_requests: 17,
        from_cache: 8,
        llm_success: 6,
        local_direct: 0,
        local_fallback_success: 1,
        llm_fail_count: 1,
        failed: 2,
      });
      expect(methods.llm_calls.answered).toBe(6);
      const categories = (await reportOf(app, 'category-distribution')).data;
      expect(categories).toEqual(today.categories);
      const looked = (await reportOf(app, 'batch-cache?days=7')).data;
      expect(looked.overall).toMatchObject({
        total_queries: 2,
        total_hashes: 5,
        total_cached: 2,
        total_miss: 3,
        hit_rate: 40,
      });
      expect(looked.daily).toMatchObject([{ queries: 2, hashes: 5, cached: 2, miss: 3 }]);
      const batches = (await reportOf(app, 'batch-classify?days=7')).data;
      expect(batches.overall).toMatchObject({
        total_batches: 1,
        total_images: 3,
        total_success: 2,
        total_fail: 1,
      });
      const { data: users, unique_users } = await reportOf(app, 'users/top');
      expect(unique_users).toBe(4);
      expect(
        users.map(({ user_id, request_count, photos }: Record<string, unknown>) => [
          user_id,
          request_count,
          photos,
        ]),
      ).toEqual([
        ['anna', 6, 8],
        ['bert', 5, 5],
        ['carl', 2, 2],
        ['dora', 2, 2],
      ]);
      const series = (await reportOf(app, 'timeseries?step=3600')).data.points;
      const sum = (name: string) =>
        series.reduce((total: number, point: Record<string, number>) => total + (point[name] ?? 0), 0);
      expect(['photos', 'hits', 'llm', 'local', 'failed', 'lookups', 'llm_calls'].map(sum)).toEqual([
        17,
        8,
        6,
        1,
        2,
        6,
        calls,
      ]);
    }
  },
  60_000,
);
