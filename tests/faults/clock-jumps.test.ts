import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { openCacheMaintenance } from '../../src/cache/maintenance.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { activityOf, photoOf, resultOf } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import { formOf, get, post, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { numberedPhoto } from '../support/outage-traffic.ts';

const dayMs = 86_400_000;
const clock = { now: Date.now };

/** The wall clock alone: timers and the monotonic clock go on. */
function setClock(aheadMs: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now() + aheadMs);
}
afterEach(() => vi.restoreAllMocks());

test('a jump forward of a day that is taken back deletes nothing', async () => {
  setClock(0);
  const { open, rows, remove } = await sqliteFixture();
  const store = open();
  const maintenance = openCacheMaintenance({
    store,
    leases: withGroupCommit(store),
    recordsMs: 90 * dayMs,
    resultsMs: 30 * dayMs,
    maxResults: 0,
  });
  onTestFinished(async () => {
    await maintenance.stop();
    await store.close();
    await remove();
  });
  await store.migrate();
  const createdAt = Date.now() - 29.5 * dayMs;
  await store.saveResults([resultOf('old', { createdAt })]);
  await store.saveActivity(activityOf({ photos: [photoOf({ at: Date.now() - 89.5 * dayMs })] }));
  const kept = async () => [
    (await rows('SELECT 1 FROM results')).length,
    (await rows('SELECT 1 FROM photos')).length,
  ];
  for (const aheadMs of [dayMs, 1000 * dayMs, 0, -1000 * dayMs, 0]) {
    setClock(aheadMs);
    await maintenance.sweep();
    expect(await kept()).toEqual([1, 1]);
  }
});

longTest(
  'requests, results and statistics go on over jumps forward and backward',
  async () => {
    setClock(0);
    const llm = await startFakeLlm();
    const app = await startApp({ LLM_BASE_URL: llm.baseUrl, NEAR_DUPLICATES: 'off', RESULT_TTL: '30' });
    onTestFinished(async () => {
      await app.close();
      await llm.close();
    });
    const upload = async (number: number) => {
      const { bytes } = numberedPhoto(number);
      const form = formOf([{ name: 'image', value: new Uint8Array(bytes) }]);
      const { status, body } = await post(`${app.url}/api/v1/classify`, form, { 'x-user-id': 'anna' });
      expect(status).toBe(200);
      return body;
    };
    const methodOf = async (number: number) => (await upload(number)).data.inference_method;
    const today = async () => (await get(`${app.url}/api/v1/stats/today`)).body;

    // Within a call, in both directions: neither its deadline nor its lease ends.
    for (const [number, aheadMs] of [dayMs, -dayMs, 0].entries()) {
      const release = llm.hold();
      const answer = upload(number);
      await llm.received(number + 1);
      setClock(aheadMs);
      release();
      expect((await answer).data).toMatchObject({ inference_method: 'llm', degraded: false });
      expect(await methodOf(number)).toBe('cache');
    }
    expect(await today()).toMatchObject({ photos: 2, hits: 1 });

    // A weaker answer that was given while the clock was ahead stands in for no longer than others.
    setClock(dayMs);
    llm.behave({ status: 500, body: {} });
    expect(await methodOf(3)).toBe('local');
    expect(await methodOf(3)).toBe('cache');
    await app.services.stats.maintenance.run();
    llm.behave({ content: { category: 'pets', confidence: 0.9 } });
    setClock(0);
    await expect.poll(() => methodOf(3), { timeout: 10_000 }).toBe('llm');
    expect(await methodOf(3)).toBe('cache');

    // A census that was made while the clock was ahead is not kept for a day.
    await upload(4);
    await app.services.stats.maintenance.run();
    expect(await app.services.stats.maintenance.census()).toMatchObject({ results: 5 });
    const health = (await get(`${app.url}/api/v1/health`)).body;
    expect(health).toMatchObject({ status: 'healthy', database: 'connected' });
  },
  30_000,
);
